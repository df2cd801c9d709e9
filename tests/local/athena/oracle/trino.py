"""A Trino in a process of its own, of a version that Maven fetches; needs Java and Maven."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass
class Answer:
    """`types`, `rows` and column `names` of a result, or `error`: Trino's name for it."""

    types: list[str] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    error: str = ""
    message: str = ""
    names: list[str] = field(default_factory=list)


class Trino:
    """Answers queries until it is closed; its tables are those of TPC-H in the schema `tiny`."""

    def __init__(self, version: str, folder: Path) -> None:
        """Fetch and compile into `folder`; raises subprocess.CalledProcessError when either fails."""
        folder.mkdir(parents=True, exist_ok=True)
        listed = folder / "classpath"
        fetch = ["mvn", "-q", "-B", "-f", str(_HERE / "pom.xml"), f"-Dtrino={version}"]
        subprocess.run(
            [*fetch, "dependency:build-classpath", f"-Dmdep.outputFile={listed}"], check=True
        )
        path = listed.read_text().strip()
        subprocess.run(
            ["javac", "-d", str(folder), "-cp", path, str(_HERE / "Oracle.java")], check=True
        )
        with (folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                ["java", "-Xmx2g", "-cp", f"{folder}:{path}", "Oracle"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, query: str) -> Answer:
        """Run one query; raises RuntimeError when Trino has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        text = query.encode(errors="replace")  # half of a pair of surrogates is no text
        self._process.stdin.write(base64.b64encode(text).decode() + "\n")
        self._process.stdin.flush()
        answer = Answer()
        for line in self._process.stdout:
            kind, *parts = line.split()
            fields = [None if p == "-" else base64.b64decode(p[1:]).decode() for p in parts]
            if kind == "end":
                return answer
            if kind == "types":
                answer.types = [str(f) for f in fields]
            elif kind == "names":
                answer.names = [str(f) for f in fields]
            elif kind == "row":
                answer.rows.append(fields)
            else:
                answer.error, answer.message = str(fields[0]), str(fields[1])
        raise RuntimeError(f"Trino ended at: {query}")
