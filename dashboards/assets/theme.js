"use strict";
// Light or dark: the system's choice until the reader makes one, which is kept where storage allows.
const theme = {
  stored() {
    try { return localStorage.getItem("heyblue-theme"); } catch { return null; }
  },
  store(name) {
    // A page opened from disk may be refused storage; the choice then lasts as long as the page.
    try { localStorage.setItem("heyblue-theme", name); } catch { return; }
  },
  current() {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    return document.documentElement.dataset.theme || system;
  },
  apply(name) {
    document.documentElement.dataset.theme = name;
    theme.announce();
  },
  toggle() {
    const other = theme.current() === "dark" ? "light" : "dark";
    theme.store(other);
    theme.apply(other);
  },
  announce() {
    const button = document.getElementById("theme");
    if (button) button.setAttribute("aria-label", `Switch to ${theme.current() === "dark" ? "light" : "dark"} colors`);
    document.dispatchEvent(new Event("themechange"));
  },
};
if (theme.stored()) document.documentElement.dataset.theme = theme.stored();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme.announce);
addEventListener("DOMContentLoaded", () => {
  document.getElementById("theme").addEventListener("click", theme.toggle);
  theme.announce();
});
