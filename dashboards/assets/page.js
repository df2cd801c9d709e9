"use strict";
// The page: reads the embedded board, builds the filter bar, keeps its state in the address, draws.

const PRESETS = [7, 30, 90, 365];

const board = JSON.parse(document.getElementById("board-data").textContent);
board.datasets = board.datasets.map(unpack);
board.windows = {};
const views = new Map(board.cards.map((card) => [card.key, { hidden: new Set(), data: false }]));
let state = readAddress();

/* ---- state and address ---- */

function defaultState() {
  return Object.fromEntries(board.filters.map((each) => [each.key, each.kind === "choice" ? "" : (each.default_days ?? "all")]));
}

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const read = (filter, fallback) => {
    const text = given.get(filter.key);
    if (text === null) return fallback;
    return filter.kind === "choice" ? text : readPeriod(text, fallback);
  };
  const fallback = defaultState();
  return Object.fromEntries(board.filters.map((each) => [each.key, read(each, fallback[each.key])]));
}

function readPeriod(text, fallback) {
  if (text === "all") return text;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  const days = /^(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?$/.exec(text);
  const [from, to] = days ? days.slice(1).map(fromIso) : [NaN, NaN];
  return Number.isNaN(from) || Number.isNaN(to) ? fallback : { from, to };
}

function writeAddress() {
  const fallback = defaultState();
  const changed = board.filters.filter((each) => state[each.key] !== fallback[each.key]);
  const pairs = new URLSearchParams(changed.map((each) => [each.key, writeValue(state[each.key])]));
  history.replaceState(null, "", pairs.size ? `#${pairs}` : location.pathname);
}

function writeValue(value) {
  if (typeof value !== "object") return String(value);
  return [value.from, value.to].map((day) => (day === null ? "" : toIso(day))).join("..");
}

function change(key, value, implied = {}) {
  state = { ...state, ...implied, [key]: value };
  for (const child of board.filters.filter((each) => each.within === key)) {
    if (!listChoices(board, child, state).some((each) => each.value === state[child.key])) state[child.key] = "";
  }
  writeAddress();
  refresh();
}

function reset() {
  state = Object.fromEntries(board.filters.map((each) => [each.key, each.kind === "choice" ? "" : "all"]));
  writeAddress();
  refresh();
}

/* ---- filter bar ---- */

function buildFilter(filter, span) {
  return filter.kind === "choice" ? buildChoice(filter) : buildPeriod(filter, span);
}

function buildChoice(filter) {
  const select = make("select", { id: `filter-${filter.key}`, "data-filter": filter.key }, make("option", { value: "" }, filter.any_label));
  const choices = listChoices(board, filter, state);
  const groups = new Set(choices.map((each) => each.group));
  for (const group of groups) {
    const options = choices.filter((each) => each.group === group).map((each) => make("option", { value: choices.indexOf(each) }, each.name));
    if (groups.size > 1 && group) select.append(make("optgroup", { label: group }, ...options));
    else select.append(...options);
  }
  select.value = String(state[filter.key] === "" ? "" : choices.findIndex((each) => each.value === state[filter.key]));
  select.addEventListener("change", () => {
    const chosen = choices[select.value];
    const implied = chosen && filter.within ? { [filter.within]: chosen.parent } : {};
    change(filter.key, chosen ? chosen.value : "", implied);
  });
  return make("div", { class: "field" }, make("label", { for: select.id }, filter.label), select);
}

function buildPeriod(filter, span) {
  const length = span ? span.last - span.first + 1 : 0;
  const offered = [...PRESETS.filter((days) => days < length), "all"];
  const window = board.windows[filter.key];
  const buttons = offered.map((value) => {
    const words = value === "all" ? "All" : `${value} days`;
    const pressed = state[filter.key] === value || (value === "all" && typeof state[filter.key] === "number" && state[filter.key] >= length);
    const button = make("button", { type: "button", "aria-pressed": String(pressed), "data-preset": value }, words);
    button.addEventListener("click", () => change(filter.key, value));
    return button;
  });
  const inputs = ["from", "to"].map((end) => buildDay(filter, window, span, end));
  return make("div", { class: "field period", role: "group", "aria-label": filter.label },
    make("span", { class: "label" }, filter.label),
    make("div", { class: "presets" }, ...buttons),
    make("div", { class: "dates" }, inputs[0], make("span", { "aria-hidden": "true" }, "to"), inputs[1]));
}

function buildDay(filter, window, span, end) {
  const input = make("input", {
    type: "date", "data-filter": filter.key, "data-end": end, "aria-label": `${filter.label} ${end}`,
    value: window ? toIso(window[end]) : null, min: span ? toIso(span.first) : null, max: span ? toIso(span.last) : null,
    disabled: !span,
  });
  input.addEventListener("change", () => {
    const chosen = { ...window, [end]: fromIso(input.value) ?? (end === "from" ? span.first : span.last) };
    // A start after the end means the reader is moving the whole period: keep one day.
    if (chosen.from > chosen.to) chosen[end === "from" ? "to" : "from"] = chosen[end];
    change(filter.key, chosen);
  });
  return input;
}

function describeSelection() {
  const parts = board.filters.map((each) => {
    if (each.kind !== "choice") return board.windows[each.key] ? writeWindow(board.windows[each.key]) : "";
    const chosen = listChoices(board, each, state).find((choice) => choice.value === state[each.key]);
    return chosen ? chosen.name : state[each.key];
  });
  return parts.filter(Boolean).join(", ");
}

/* ---- cards ---- */

/** What a card shows now: {draw, table} or {empty}. */
function prepare(card) {
  const { read, rows } = board.datasets[card.dataset];
  if (!rows.length) return { empty: "missing" };
  return PREPARE[card.display](card, read) ?? { empty: "filtered" };
}

const PREPARE = {
  kpi: prepareKpi, line: prepareChart, area: prepareChart, bar: prepareChart, stacked_bar: prepareChart, heatmap: prepareHeatmap, table: prepareTable,
};

function prepareKpi(card, read) {
  const window = windowOf(board, card, state, card.day);
  const rows = chooseRows(board, card, state).filter((row) => read[card.day](row) !== null);
  if (!window || !rows.length || read[card.day](rows[0]) > window.to) return null;
  const summary = summarize(read, rows, card.day, card.value, window);
  return { draw: (place) => drawKpi(card, place, summary) };
}

function prepareChart(card, read) {
  return card.x.kind === "day" ? prepareDays(card, read) : prepareRanking(card, read);
}

function prepareDays(card, read) {
  const window = windowOf(board, card, state, card.x.column);
  const rows = chooseRows(board, card, state).filter((row) => read[card.x.column](row) !== null);
  if (!window || !hasRows(card, read, rows, window)) return null;
  const days = listDays(window);
  const series = listSeries(card, read, rows).map((each, position) => ({
    color: position,
    ...each,
    values: valuesByDay(read, each.rows, card.x.column, each.measure, days),
  }));
  const columns = [{ label: card.x.label, format: "date" }, ...series.map((each) => ({ label: each.label, unit: each.measure.unit, format: each.measure.format }))];
  const records = days.map((day, position) => [day, ...series.map((each) => each.values[position])]);
  return {
    draw: (place) => drawDays(card, place, series, days, views.get(card.key).hidden),
    table: (place) => drawData(place, columns, records, { position: 0, descending: true }, card.title),
  };
}

/** A level shows with rows up to the window's end; a sum needs rows inside it. */
function hasRows(card, read, rows, window) {
  const held = card.y.some((measure) => measure.aggregate === "level");
  return rows.some((row) => read[card.x.column](row) <= window.to && (held || read[card.x.column](row) >= window.from));
}

function prepareRanking(card, read) {
  const rows = selectRows(board, card, state);
  if (!rows.length) return null;
  const series = listSeries(card, read, rows).map((each, position) => ({ color: position, ...each }));
  const ranked = rankCategories(read, series, card.x);
  const columns = [{ label: card.x.label, format: "text" }, ...series.map((each) => ({ label: each.label, unit: each.measure.unit, format: each.measure.format }))];
  const all = rankCategories(read, series, { ...card.x, limit: null });
  return {
    draw: (place) => drawRanking(card, place, series, ranked),
    table: (place) => drawData(place, columns, all.map((each) => [each.name, ...each.values]), { position: 1, descending: true }, card.title),
  };
}

function prepareHeatmap(card, read) {
  const rows = selectRows(board, card, state);
  if (!rows.length) return null;
  const grid = gridOf(card, read, rows);
  const columns = [
    { label: card.y.label, format: "text" },
    { label: card.x.label, format: card.x.kind === "day" ? "date" : "text" },
    { label: card.value.label, unit: card.value.unit, format: card.value.format },
  ];
  const records = rows.map((row) => [read[card.y.column](row), read[card.x.column](row), read[card.value.column](row)]);
  return {
    draw: (place) => drawHeatmap(card, place, grid),
    table: (place) => drawData(place, columns, records, { position: 2, descending: true }, card.title),
  };
}

function prepareTable(card, read) {
  const rows = selectRows(board, card, state);
  if (!rows.length) return null;
  const records = rows.map((row) => card.columns.map((column) => read[column.column](row)));
  const sort = { position: card.columns.findIndex((column) => column.column === card.sort.column), descending: card.sort.descending };
  return { draw: (place) => drawTable(place, card.columns, records, sort, card.title) };
}

function drawCard(card) {
  const article = document.getElementById(card.key);
  const body = article.querySelector(".body");
  body.querySelectorAll(".plot").forEach((plot) => Plotly.purge(plot));
  body.replaceChildren();
  body.classList.remove("data");
  article.querySelectorAll(".data-toggle, .notes").forEach((node) => node.remove());
  const prepared = prepare(card);
  article.classList.toggle("is-empty", Boolean(prepared.empty));
  if (prepared.empty) return drawEmpty(card, body, prepared.empty);
  const view = views.get(card.key);
  if (prepared.table) article.querySelector("header").append(dataToggle(card, view));
  const notes = [card.note, scopeNote(card)].filter(Boolean);
  const drawn = view.data && prepared.table ? prepared.table(body) : prepared.draw(body);
  // A tile's sparkline lies on its lower edge, so that the notes stand before it.
  const end = card.display === "kpi" ? body.lastElementChild : null;
  if (notes.length) (end ? body : article).insertBefore(make("p", { class: "notes" }, notes.join(" ")), end);
  return drawn;
}

function drawEmpty(card, body, reason) {
  const filtered = reason === "filtered";
  const text = filtered ? `No rows for ${describeSelection()}. Choose a longer period, or show everything.` : card.empty;
  const box = make("div", { class: "empty" }, make("strong", {}, filtered ? "Nothing in this selection" : "Nothing to show yet"), make("p", {}, text));
  if (filtered) {
    const button = make("button", { type: "button", class: "quiet" }, "Show everything");
    button.addEventListener("click", reset);
    box.append(button);
  }
  body.append(box);
  return Promise.resolve();
}

function dataToggle(card, view) {
  const button = make("button", { type: "button", class: "data-toggle quiet", "aria-pressed": String(view.data), "aria-label": `View the data of ${card.title}` }, view.data ? "View chart" : "View data");
  button.addEventListener("click", async () => {
    view.data = !view.data;
    await drawCard(card);
    document.getElementById(card.key).querySelector(".data-toggle").focus();
  });
  return button;
}

function scopeNote(card) {
  const deaf = board.filters.filter((each) => each.kind === "choice" && state[each.key] && !card.filters.includes(each.key));
  return deaf.length ? `Not filtered by ${deaf.map((each) => each.label.toLowerCase()).join(" and ")}.` : "";
}

/* ---- drawing it all ---- */

async function refresh() {
  const root = document.documentElement;
  root.dataset.drawn = "false";
  const bar = document.getElementById("filters");
  const focused = document.activeElement && bar.contains(document.activeElement) ? markOf(document.activeElement) : null;
  const spans = new Map();
  for (const filter of board.filters.filter((each) => each.kind === "date_range")) {
    spans.set(filter.key, findSpan(board, filter, state));
    board.windows[filter.key] = resolveWindow(state[filter.key], spans.get(filter.key));
  }
  bar.replaceChildren(...board.filters.map((filter) => buildFilter(filter, spans.get(filter.key))));
  if (focused) bar.querySelector(focused)?.focus();
  document.getElementById("selection").textContent = describeSelection() || "No data yet";
  await Promise.all(board.cards.map(drawCard));
  root.dataset.drawn = "true";
}

/** A selector that finds the rebuilt twin of a control, so that the keyboard keeps its place. */
function markOf(node) {
  const { filter, end, preset } = node.dataset;
  if (preset) return `[data-preset="${CSS.escape(preset)}"]`;
  return `[data-filter="${CSS.escape(filter)}"]${end ? `[data-end="${end}"]` : ""}`;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-series]");
  if (!button) return;
  const card = board.cards.find((each) => each.key === button.closest("[data-card]").dataset.card);
  const { hidden } = views.get(card.key);
  if (!hidden.delete(button.dataset.series)) hidden.add(button.dataset.series);
  drawCard(card).then(() => document.querySelector(`#${card.key} [data-series="${CSS.escape(button.dataset.series)}"]`).focus());
});
document.addEventListener("themechange", refresh);
addEventListener("hashchange", () => {
  state = readAddress();
  refresh();
});
let resized;
let lastWidth = innerWidth;
addEventListener("resize", () => {
  // Phones resize on every scroll as their bars come and go; only a new width moves anything.
  if (innerWidth === lastWidth) return;
  lastWidth = innerWidth;
  clearTimeout(resized);
  resized = setTimeout(refresh, 150);
});
refresh();
