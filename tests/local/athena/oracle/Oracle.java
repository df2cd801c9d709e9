import io.trino.plugin.tpch.TpchConnectorFactory;
import io.trino.spi.TrinoException;
import io.trino.spi.type.ArrayType;
import io.trino.spi.type.MapType;
import io.trino.spi.type.RowType;
import io.trino.spi.type.SqlVarbinary;
import io.trino.spi.type.TimeZoneKey;
import io.trino.spi.type.Type;
import io.trino.spi.type.VarbinaryType;
import io.trino.sql.parser.ParsingException;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedResult;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Answers queries, one in base64 a line, by Trino's own engine: a line of fields in base64 for each.
 * The tables are those of TPC-H, in the schema `tiny`.
 */
public class Oracle {
    private static final PrintStream OUT = System.out;
    private static final String CATALOG = "awsdatacatalog";

    public static void main(String[] args) throws Exception {
        System.setOut(System.err); // what Trino logs
        var session = TestingSession.testSessionBuilder()
                .setTimeZoneKey(TimeZoneKey.UTC_KEY).setLocale(Locale.ENGLISH)
                .setCatalog(CATALOG).setSchema("tiny").build();
        var runner = LocalQueryRunner.create(session);
        runner.createCatalog(CATALOG, new TpchConnectorFactory(1), Map.of());
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answer(runner, new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8));
        }
        System.exit(0); // Trino's threads are no daemons
    }

    private static void answer(LocalQueryRunner runner, String sql) {
        try {
            MaterializedResult result = runner.execute(sql);
            List<Type> types = result.getTypes();
            say("names", result.getColumnNames());
            say("types", types.stream().map(Type::getDisplayName).toList());
            for (MaterializedRow row : result.getMaterializedRows()) {
                List<String> values = new ArrayList<>();
                for (int at = 0; at < types.size(); at++) {
                    Object value = row.getField(at);
                    values.add(value == null ? null : text(value, types.get(at)));
                }
                say("row", values);
            }
        } catch (Throwable thrown) {
            say("error", List.of(nameOf(thrown), String.valueOf(thrown.getMessage())));
        }
        say("end", List.of());
    }

    private static String nameOf(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            if (each instanceof TrinoException trino) {
                return trino.getErrorCode().getName();
            }
            if (each instanceof ParsingException) {
                return "SYNTAX_ERROR";
            }
        }
        return thrown.getClass().getSimpleName();
    }

    /** As Athena's result files have it. */
    private static String text(Object value, Type type) {
        List<String> parts = new ArrayList<>();
        if (value == null) {
            return "null";
        }
        if (type instanceof ArrayType array) {
            ((List<?>) value).forEach(each -> parts.add(text(each, array.getElementType())));
            return "[" + String.join(", ", parts) + "]";
        }
        if (type instanceof MapType map) {
            ((Map<?, ?>) value).forEach((k, v) ->
                    parts.add(text(k, map.getKeyType()) + "=" + text(v, map.getValueType())));
            return "{" + String.join(", ", parts) + "}";
        }
        if (type instanceof RowType row) {
            List<?> values = (List<?>) value;
            for (int at = 0; at < values.size(); at++) {
                RowType.Field field = row.getFields().get(at);
                parts.add(field.getName().orElse("field" + at) + "=" + text(values.get(at), field.getType()));
            }
            return "{" + String.join(", ", parts) + "}";
        }
        if (type instanceof VarbinaryType) {
            for (byte each : ((SqlVarbinary) value).getBytes()) {
                parts.add(String.format("%02x", each));
            }
            return String.join(" ", parts);
        }
        return value.toString();
    }

    private static void say(String kind, List<String> fields) {
        List<String> all = new ArrayList<>(Collections.singletonList(kind));
        for (String field : fields) {
            all.add(field == null ? "-" : "=" + Base64.getEncoder().encodeToString(field.getBytes(StandardCharsets.UTF_8)));
        }
        OUT.println(String.join(" ", all));
        OUT.flush();
    }
}
