"use strict";
// One drawing function per display. Each gets the card, its rows and a place, and fills the place.

const SERIES_COLORS = 6;
const LEGEND_HEIGHT = 38;
const STILL = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A style token as a plain color, which Plotly needs. */
function colorOf(token) {
  const probe = document.getElementById("color-probe");
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}

function seriesToken(position) {
  return `series-${(position % SERIES_COLORS) + 1}`;
}

function fade(color, alpha) {
  return color.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
}

/* ---- days on an axis ---- */

function pickTicks(days, width) {
  const step = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor(width / 90))));
  return days.filter((_, position) => position % step === 0);
}

function writeTicks(ticks, days) {
  const years = new Set([days[0], days[days.length - 1]].map((day) => toIso(day).slice(0, 4)));
  const parts = years.size > 1 ? { year: "numeric", month: "short", day: "numeric" } : { month: "short", day: "numeric" };
  return ticks.map((day) => writeDay(day, parts));
}

function dayAxis(axis, days, width) {
  const ticks = pickTicks(days, width);
  return {
    type: "date",
    range: [toIso(days[0] - 1) + " 12:00", toIso(days[days.length - 1]) + " 12:00"],
    tickvals: ticks.map(toIso),
    ticktext: writeTicks(ticks, days),
    hoverformat: "%a, %b %-d, %Y",
    title: axisTitle(axis),
  };
}

function axisTitle(axis) {
  return { text: axis.label, standoff: 8, font: { size: 12, color: colorOf("muted") } };
}

function frameOf(height, layout) {
  const muted = colorOf("muted");
  const axis = { fixedrange: true, color: muted, gridcolor: colorOf("line"), zeroline: false, automargin: true, tickfont: { size: 12 }, ticks: "outside", ticklen: 5, tickcolor: "rgba(0,0,0,0)" };
  return {
    ...layout,
    height,
    margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: colorOf("surface"),
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colorOf("ink") },
    showlegend: false,
    dragmode: false,
    hoverlabel: { bgcolor: colorOf("surface"), bordercolor: colorOf("line"), font: { color: colorOf("ink"), size: 13 }, align: "left" },
    xaxis: { ...axis, showgrid: false, linecolor: colorOf("line"), showline: true, showspikes: false, ...layout.xaxis },
    yaxis: { ...axis, ...layout.yaxis },
  };
}

function valueAxis(measure, largest) {
  const whole = measure.format === "integer" && largest <= 5;
  return { rangemode: "tozero", tickformat: measure.format === "percent" ? ".0%" : ",~f", nticks: 5, ...(whole ? { dtick: 1 } : {}) };
}

/* ---- charts over days ---- */

const TRACES = {
  line: (color) => ({ type: "scatter", mode: "lines", line: { color, width: 2.5, shape: "linear" } }),
  area: (color, alone) => ({
    type: "scatter",
    mode: "lines",
    stackgroup: "all",
    line: { color: alone ? color : colorOf("surface"), width: alone ? 2.5 : 1 },
    fillcolor: alone ? fade(color, 0.16) : color,
  }),
  bar: (color) => ({ type: "bar", marker: { color } }),
  stacked_bar: (color) => ({ type: "bar", marker: { color, line: { color: colorOf("surface"), width: 0.5 } } }),
};

function traceOf(card, series, days, alone) {
  const style = TRACES[card.display](colorOf(seriesToken(series.color)), alone);
  const written = series.values.map((value) => writeNumber(value, series.measure.format));
  return {
    ...style,
    name: series.label,
    x: days.map(toIso),
    y: series.values,
    customdata: written,
    hovertemplate: `<b>%{customdata}</b> ${series.measure.unit}<extra>${escapeHtml(series.label)}</extra>`,
  };
}

/** The stack's height, which no single layer shows. */
function totalTrace(shown, days) {
  const totals = days.map((_, position) => addUp(shown.map((series) => series.values[position])));
  const { measure } = shown[0];
  return {
    type: "scatter",
    mode: "lines",
    line: { width: 0, color: "rgba(0,0,0,0)" },
    name: "Total",
    x: days.map(toIso),
    y: totals,
    customdata: totals.map((value) => writeNumber(value, measure.format)),
    hovertemplate: `<b>%{customdata}</b> ${measure.unit}<extra>Total</extra>`,
  };
}

function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
}

function isStacked(card) {
  return card.display === "area" || card.display === "stacked_bar";
}

function drawDays(card, place, series, days, hidden) {
  const shown = series.filter((each) => !hidden.has(each.label));
  const plot = make("div", { class: "plot", role: "img", "aria-label": describe(card, series, days) });
  place.append(...legendFor(card, series, hidden), make("p", { class: "unit", "aria-hidden": "true" }, capitalize(card.y[0].unit)), plot);
  const stacked = isStacked(card) && shown.length > 1;
  const traces = shown.map((each) => traceOf(card, each, days, series.length === 1));
  if (stacked) traces.push(totalTrace(shown, days));
  const largest = Math.max(0, ...traces.flatMap((trace) => trace.y));
  // Without a legend the plot takes its room, so that neighbors end on one line.
  const layout = frameOf(plotHeight() + (series.length > 1 ? 0 : LEGEND_HEIGHT), {
    hovermode: "x unified",
    barmode: card.display === "stacked_bar" ? "relative" : "group",
    bargap: 0.28,
    barcornerradius: 2,
    xaxis: { ...dayAxis(card.x, days, place.clientWidth), ...spikes(card) },
    yaxis: valueAxis(card.y[0], largest),
  });
  return Plotly.newPlot(plot, traces, layout, STILL);
}

/** A thin line under the pointer where there is no bar to show the day. */
function spikes(card) {
  const drawn = card.display === "line" || card.display === "area";
  return { showspikes: drawn, spikecolor: colorOf("muted"), spikethickness: 1, spikedash: "solid", spikemode: "across" };
}

function plotHeight() {
  return isNarrow() ? 240 : 280;
}

function isNarrow() {
  return matchMedia("(max-width: 640px)").matches;
}

function describe(card, series, days) {
  const ends = series.map((each) => `${each.label} ${writeNumber(each.values[each.values.length - 1], each.measure.format)}`);
  return `${card.title}, ${card.y[0].unit}, ${writeWindow({ from: days[0], to: days[days.length - 1] })}. Last day: ${ends.join(", ")}.`;
}

function legendFor(card, series, hidden) {
  if (series.length < 2) return [];
  const entries = series.map((each) => {
    const swatch = make("span", { class: "swatch", style: `background: var(--${seriesToken(each.color)})` });
    const button = make("button", { type: "button", "aria-pressed": String(!hidden.has(each.label)), "data-series": each.label }, swatch, each.label);
    return make("li", {}, button);
  });
  return [make("ul", { class: "legend", "aria-label": "Series, press to hide or show" }, ...entries)];
}

/* ---- charts over categories ---- */

function drawRanking(card, place, series, ranked) {
  const largest = Math.max(...ranked.map((each) => each.total), 0) || 1;
  const rows = ranked.map((each) => {
    const segments = series.map((one, position) =>
      make("span", { class: "segment", style: `width:${(100 * Math.max(0, each.values[position])) / largest}%;background:var(--${seriesToken(one.color)})` }),
    );
    const value = make("span", { class: "amount" }, writeNumber(each.total, card.y[0].format));
    return make("li", { title: `${each.name}: ${writeNumber(each.total, card.y[0].format)} ${card.y[0].unit}` },
      make("span", { class: "name" }, each.name), value, make("span", { class: "track", "aria-hidden": "true" }, ...segments));
  });
  place.append(...legendFor(card, series, new Set()));
  place.append(make("p", { class: "unit ends" }, make("span", {}, card.x.label), make("span", {}, capitalize(card.y[0].unit))));
  place.append(make("ol", { class: "ranking" }, ...rows));
  return Promise.resolve();
}

/** The grid's columns, its rows by total, and the value of each pair that has one. */
function gridOf(card, read, rows) {
  const cells = new Map();
  for (const row of rows) {
    const key = JSON.stringify([read[card.x.column](row), read[card.y.column](row)]);
    cells.set(key, (cells.get(key) ?? 0) + read[card.value.column](row));
  }
  const series = [{ measure: card.value, rows }];
  const names = rankCategories(read, series, card.y).map((each) => each.name);
  const across = [...new Set(rows.map(read[card.x.column]))];
  return { across, names, at: (x, y) => cells.get(JSON.stringify([x, y])) ?? null };
}

function drawHeatmap(card, place, grid) {
  const names = [...grid.names].reverse();
  const columns = grid.across.map((x) => (card.x.kind === "day" ? writeDay(x, { month: "short", day: "numeric", ...(grid.across.length > 20 ? { year: "2-digit" } : {}) }) : x));
  const z = names.map((y) => grid.across.map((x) => grid.at(x, y)));
  const written = z.map((line) => line.map((value) => (value === null ? "" : writeNumber(value, card.value.format))));
  const plot = make("div", { class: "plot", role: "img", "aria-label": `${card.title}: ${card.value.label} by ${card.y.label} and ${card.x.label}; the data view lists every cell.` });
  place.append(make("p", { class: "unit" }, `${card.y.label}, ${card.value.unit}`), plot);
  const trace = {
    type: "heatmap", x: columns, y: names, z, text: written, xgap: 3, ygap: 3, showscale: false, zmin: 0, hoverongaps: false,
    textfont: { color: colorOf("ink") },
    texttemplate: columns.length <= 8 ? "%{text}" : "",
    colorscale: [[0, colorOf("heat-low")], [1, colorOf("heat-high")]],
    hovertemplate: `<b>%{text}</b> ${card.value.unit}<br>${card.y.label} %{y}<br>%{x}<extra></extra>`,
  };
  const layout = frameOf(Math.max(plotHeight(), 60 + 26 * names.length), {
    hovermode: "closest",
    xaxis: { type: "category", title: axisTitle(card.x), showline: false, nticks: 8 },
    yaxis: { type: "category", showgrid: false },
  });
  return Plotly.newPlot(plot, [trace], layout, STILL);
}

/* ---- tiles ---- */

function drawKpi(card, place, summary) {
  const { value, days, change } = summary;
  place.append(
    make("p", { class: "figure" }, make("strong", {}, writeHeadline(value, card.value.format)), " ", make("span", {}, card.value.unit)),
    changeLine(card, change),
    sparkline(card, days),
  );
  return Promise.resolve();
}

function changeLine(card, change) {
  if (!change) return make("p", { class: "change" }, "Under two weeks of data to compare");
  const words = card.value.aggregate === "level" ? "in 7 days" : "last 7 days vs 7 before";
  const share = change.before ? change.absolute / Math.abs(change.before) : null;
  const written = share === null ? writeNumber(change.absolute, card.value.format) : writeNumber(Math.abs(share) < 0.0005 ? 0 : share, "percent");
  if (change.absolute === 0) return make("p", { class: "change" }, `No change ${words}`);
  const text = change.absolute > 0 ? `+${written}` : written.replace("-", "−");
  return make("p", { class: "change" }, make("span", { class: `delta ${toneOf(card, change)}` }, text), ` ${words}`);
}

function toneOf(card, change) {
  if (card.better === "neither") return "plain";
  return change.absolute > 0 === (card.better === "higher") ? "good" : "bad";
}

function sparkline(card, days) {
  const [width, height, pad] = [240, 44, 3];
  const low = Math.min(0, ...days);
  const range = Math.max(...days) - low || 1;
  const step = width / Math.max(1, days.length - 1);
  const points = days.map((value, position) => [position * step, height - pad - ((value - low) / range) * (height - 2 * pad)].map((each) => each.toFixed(1)));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const attributes = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "spark", role: "img" };
  for (const [name, text] of Object.entries(attributes)) svg.setAttribute(name, text);
  svg.setAttribute("aria-label", `${card.value.label} by day, from ${writeNumber(days[0], card.value.format)} to ${writeNumber(days[days.length - 1], card.value.format)}`);
  const path = points.map((point) => point.join(",")).join(" L");
  svg.innerHTML = `<path class="under" d="M${points[0][0]},${height} L${path} L${points[points.length - 1][0]},${height} Z"/><path class="over" d="M${path}"/>`;
  return svg;
}

/* ---- tables ---- */

/** A chart's numbers in the room its drawing had. */
function drawData(place, columns, records, sort, caption) {
  place.classList.add("data");
  return drawTable(place, columns, records, sort, caption, 60);
}

/** A sortable table; `columns` are {label, unit, format, bar}, `records` arrays in their order. */
function drawTable(place, columns, records, sort, caption, step = isNarrow() ? 6 : 12) {
  const view = { ...sort, shown: step };
  const largest = columns.map((column, position) => (column.bar ? Math.max(0, ...records.map((record) => record[position] ?? 0)) : 0));
  const refresh = () => {
    const sorted = [...records].sort((a, b) => compareCells(a[view.position], b[view.position], view.descending));
    const body = sorted.slice(0, view.shown).map((record) => tableRow(columns, record, largest));
    const table = make("table", {}, make("caption", { class: "unseen" }, caption), tableHead(columns, view, refresh), make("tbody", {}, ...body));
    const scroller = make("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": `${caption}, table` }, table);
    place.replaceChildren(scroller, tableFoot(sorted.length, view, refresh, step));
  };
  refresh();
  return Promise.resolve();
}

function compareCells(a, b, descending) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en-US", { numeric: true });
  return descending ? -order : order;
}

function tableHead(columns, view, refresh) {
  const cells = columns.map((column, position) => {
    const active = position === view.position;
    const unit = column.unit ? [" ", make("span", { class: "unit-of" }, column.unit)] : [];
    const arrow = make("span", { class: "arrow", "aria-hidden": "true" }, active ? (view.descending ? "↓" : "↑") : "");
    const words = make("span", {}, column.label, ...unit);
    const button = make("button", { type: "button" }, ...(isNumeric(column) ? [arrow, words] : [words, arrow]));
    button.addEventListener("click", () => {
      view.descending = active ? !view.descending : isNumeric(column);
      view.position = position;
      refresh();
    });
    const sorted = active ? (view.descending ? "descending" : "ascending") : "none";
    return make("th", { scope: "col", class: isNumeric(column) ? "number" : null, "aria-sort": sorted }, button);
  });
  return make("thead", {}, make("tr", {}, ...cells));
}

function isNumeric(column) {
  return column.format !== "text" && column.format !== "date";
}

function tableRow(columns, record, largest) {
  const cells = columns.map((column, position) => {
    const value = record[position];
    const cell = make("td", { class: isNumeric(column) ? "number" : column.format });
    if (column.bar) cell.append(make("span", { class: "gauge", "aria-hidden": "true", style: `--share:${Math.max(0, value ?? 0) / (largest[position] || 1)}` }));
    cell.append(make("span", {}, writeCell(value, column.format)));
    return cell;
  });
  return make("tr", {}, ...cells);
}

function tableFoot(count, view, refresh, step) {
  const shown = Math.min(view.shown, count);
  const foot = make("div", { class: "table-foot" }, make("span", {}, shown < count ? `${writeNumber(shown)} of ${writeNumber(count)} rows` : count === 1 ? "1 row" : `${writeNumber(count)} rows`));
  if (shown < count) {
    const more = make("button", { type: "button", class: "quiet" }, `Show ${writeNumber(Math.min(count - shown, 4 * step))} more`);
    more.addEventListener("click", () => {
      view.shown += 4 * step;
      refresh();
    });
    foot.append(more);
  }
  return foot;
}
