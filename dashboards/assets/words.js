"use strict";
// Numbers and days as US readers write them.

const NUMBER_STYLES = {
  integer: { maximumFractionDigits: 0 },
  decimal: { minimumFractionDigits: 1, maximumFractionDigits: 1 },
  percent: { style: "percent", maximumFractionDigits: 1 },
};
const COMPACT_FROM = 1e7;

function writeNumber(value, format = "integer") {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat("en-US", NUMBER_STYLES[format] ?? {}).format(value).replace(/^-(?=0$)/, "");
}

function writeHeadline(value, format) {
  if (Math.abs(value) < COMPACT_FROM) return writeNumber(value, format);
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

function toDate(day) {
  return new Date(day * 86400000);
}

function toIso(day) {
  return toDate(day).toISOString().slice(0, 10);
}

function fromIso(text) {
  return text ? Math.round(Date.parse(`${text}T00:00:00Z`) / 86400000) : null;
}

function writeDay(day, parts = { year: "numeric", month: "short", day: "numeric" }) {
  if (day === null) return "–";
  return new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...parts }).format(toDate(day));
}

function writeWindow(window) {
  if (window.from === window.to) return writeDay(window.to);
  const sameYear = toIso(window.from).slice(0, 4) === toIso(window.to).slice(0, 4);
  const start = sameYear ? writeDay(window.from, { month: "short", day: "numeric" }) : writeDay(window.from);
  return `${start} – ${writeDay(window.to)}`;
}

function writeCell(value, format) {
  if (format === "date") return writeDay(value);
  return format === "text" ? (value ?? "–") : writeNumber(value, format);
}

function withUnit(label, unit) {
  return unit ? `${label} (${unit})` : label;
}

function capitalize(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
