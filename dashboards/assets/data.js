"use strict";
// Rows to numbers: unpacking, choosing and adding up. Nothing here touches the document.

const WEEK = 7;

/** A dataset with one reader per column and its rows in the order of their days. */
function unpack(packed) {
  const read = {};
  for (const [name, column] of Object.entries(packed.columns)) {
    read[name] = column.distinct
      ? (row) => column.distinct[column.values[row]]
      : (row) => column.values[row];
  }
  const day = Object.keys(packed.columns).find((name) => packed.columns[name].kind === "day");
  const rows = Array.from({ length: packed.length }, (_, row) => row);
  if (day) rows.sort((a, b) => read[day](a) - read[day](b));
  return { read, rows };
}

/** The filters a card listens to, by kind. */
function listensTo(board, card, kind) {
  return board.filters.filter((each) => each.kind === kind && card.filters.includes(each.key));
}

/** The card's rows that pass its choice filters, whatever their day, in the order of days. */
function chooseRows(board, card, state, except) {
  const { read, rows } = board.datasets[card.dataset];
  const active = listensTo(board, card, "choice").filter((each) => state[each.key] && each.key !== except);
  if (!active.length) return rows;
  return rows.filter((row) => active.every((each) => read[each.column](row) === state[each.key]));
}

/** First and last day among the rows that a date filter acts on, or null without any. */
function findSpan(board, filter, state) {
  let first = Infinity;
  let last = -Infinity;
  const listening = board.cards.filter((each) => each.filters.includes(filter.key));
  const daily = listening.filter((each) => stepOf(each) === 1);
  for (const card of daily.length ? daily : listening) {
    const day = board.datasets[card.dataset].read[filter.column];
    const rows = chooseRows(board, card, state).filter((row) => day(row) !== null);
    if (!rows.length) continue;
    first = Math.min(first, day(rows[0]));
    last = Math.max(last, day(rows[rows.length - 1]));
  }
  return first <= last ? { first, last } : null;
}

/** How many days one row of the card stands for. */
function stepOf(card) {
  return card.x?.step_days ?? 1;
}

/** The days a date filter's value means: `all`, a number of last days, or {from, to}. */
function resolveWindow(value, span) {
  if (!span) return null;
  if (value === "all") return { from: span.first, to: span.last };
  if (typeof value === "number") return { from: Math.max(span.first, span.last - value + 1), to: span.last };
  return { from: value.from ?? span.first, to: value.to ?? span.last };
}

/** The window of a card: its date filter's, or the whole of its rows. */
function windowOf(board, card, state, dayColumn) {
  const [filter] = listensTo(board, card, "date_range");
  if (filter) return board.windows[filter.key];
  const day = board.datasets[card.dataset].read[dayColumn];
  const days = chooseRows(board, card, state).map(day).filter((each) => each !== null);
  return days.length ? { from: days[0], to: days[days.length - 1] } : null;
}

/** The card's rows that pass all its filters. */
function selectRows(board, card, state) {
  const rows = chooseRows(board, card, state);
  const [filter] = listensTo(board, card, "date_range");
  const window = filter && board.windows[filter.key];
  if (!window) return rows;
  const day = board.datasets[card.dataset].read[filter.column];
  const reach = stepOf(card) - 1;
  return rows.filter((row) => day(row) + reach >= window.from && day(row) <= window.to);
}

function listDays(window) {
  return Array.from({ length: Math.max(0, window.to - window.from + 1) }, (_, offset) => window.from + offset);
}

/** One value a day: sums are zero without rows, levels hold from before the window. */
function valuesByDay(read, rows, dayColumn, measure, days) {
  return measure.aggregate === "level"
    ? levelsByDay(read, rows, dayColumn, measure, days)
    : sumsByDay(read, rows, dayColumn, measure, days);
}

function sumsByDay(read, rows, dayColumn, measure, days) {
  const sums = new Array(days.length).fill(0);
  for (const row of rows) {
    const position = read[dayColumn](row) - days[0];
    if (position >= 0 && position < sums.length) sums[position] += read[measure.column](row) ?? 0;
  }
  return sums;
}

function levelsByDay(read, rows, dayColumn, measure, days) {
  const held = new Map();
  let total = 0;
  let next = 0;
  return days.map((day) => {
    for (; next < rows.length && read[dayColumn](rows[next]) <= day; next += 1) {
      const key = JSON.stringify(measure.level_of.map((column) => read[column](rows[next])));
      const value = read[measure.column](rows[next]) ?? 0;
      total += value - (held.get(key) ?? 0);
      held.set(key, value);
    }
    return total;
  });
}

/** The series of a chart: its measures, or one measure split by a column in the labels' order. */
function listSeries(card, read, rows) {
  if (!card.split) return card.y.map((measure) => ({ label: measure.label, measure, rows }));
  const groups = new Map(Object.keys(card.split.labels).map((value) => [value, []]));
  for (const row of rows) {
    const value = read[card.split.column](row) ?? "(none)";
    if (!groups.has(value)) groups.set(value, []);
    groups.get(value).push(row);
  }
  return [...groups]
    .map(([value, members]) => ({ label: card.split.labels[value] ?? value, measure: card.y[0], rows: members }))
    .map((series, color) => ({ ...series, color }))
    .filter((series) => series.rows.length);
}

/** Sums by category, largest total first: [{name, values}], one value per series. */
function rankCategories(read, series, axis) {
  const totals = new Map();
  series.forEach(({ measure, rows }, position) => {
    for (const row of rows) {
      const name = read[axis.column](row) ?? "(none)";
      if (!totals.has(name)) totals.set(name, new Array(series.length).fill(0));
      totals.get(name)[position] += read[measure.column](row) ?? 0;
    }
  });
  const ranked = [...totals].map(([name, values]) => ({ name, values, total: addUp(values) }));
  return ranked.sort((a, b) => b.total - a.total).slice(0, axis.limit ?? ranked.length);
}

function addUp(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

/** One number for the window, its days, and how the last week compares with the one before. */
function summarize(read, rows, dayColumn, measure, window) {
  const early = Math.min(window.from, window.to - 2 * WEEK + 1);
  const all = valuesByDay(read, rows, dayColumn, measure, listDays({ from: early, to: window.to }));
  const days = all.slice(window.from - early);
  const known = rows.length && read[dayColumn](rows[0]) <= window.to - 2 * WEEK + 1;
  return { value: reduceDays(days, measure), days, change: known ? compareWeeks(all, measure) : null };
}

function reduceDays(days, measure) {
  if (measure.aggregate === "level") return days[days.length - 1] ?? 0;
  return measure.aggregate === "mean" ? addUp(days) / days.length : addUp(days);
}

function compareWeeks(all, measure) {
  if (measure.aggregate === "level") {
    const now = all[all.length - 1];
    return { absolute: now - all[all.length - 1 - WEEK], before: all[all.length - 1 - WEEK] };
  }
  const before = addUp(all.slice(-2 * WEEK, -WEEK));
  return { absolute: addUp(all.slice(-WEEK)) - before, before };
}

/** The values a choice filter offers under the other choices: [{value, name, parent, group}].

Sorted by group and name; `parent` is the value of the filter it lies within, since two parents may
each have a child of the same value. */
function listChoices(board, filter, state) {
  const parent = board.filters.find((each) => each.key === filter.within);
  const found = new Map();
  for (const card of board.cards.filter((each) => each.filters.includes(filter.key))) {
    const { read } = board.datasets[card.dataset];
    for (const row of chooseRows(board, card, state, filter.key)) {
      const value = read[filter.column](row);
      const above = parent ? read[parent.column](row) : "";
      const key = JSON.stringify([above, value]);
      if (value === null || found.has(key)) continue;
      const group = parent ? read[parent.name_column](row) : "";
      found.set(key, { value, name: read[filter.name_column](row) ?? value, parent: above, group: group ?? "" });
    }
  }
  return [...found.values()].sort((a, b) => a.group.localeCompare(b.group) || a.name.localeCompare(b.name));
}
