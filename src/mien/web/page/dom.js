// Elements without HTML text: what a file or a result says can never become markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const el = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

export function show(name) {
  for (const view of document.querySelectorAll(".view")) view.hidden = view.id !== name;
}

export const seconds = (s, digits = 2) => (s === null || s === undefined ? "–" : `${s.toFixed(digits)} s`);
export const percent = (p) => (p === null || p === undefined ? "–" : `${(100 * p).toFixed(p > 0 && p < 0.1 ? 1 : 0)} %`);

export function clock(s, digits = 2) {
  if (s < 60) return `${s.toFixed(digits)} s`;
  const rest = (s % 60).toFixed(digits);
  return `${Math.floor(s / 60)}:${rest.padStart(digits ? 3 + digits : 2, "0")}`;
}

export function size(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

export function span(s) {
  return s >= 5400 ? `${Math.round(s / 3600)} hours` : s >= 90 ? `${Math.round(s / 60)} minutes` : `${Math.round(s)} seconds`;
}

/** What a problem says: what is wrong, what was found, what to do. */
export function problem(told) {
  const lines = [el("p", {}, el("b", {}, sentence(told.what || "the server gave no reason")))];
  if (told.found) lines.push(el("p", {}, `Found: ${told.found}`));
  if (told.do) lines.push(el("p", {}, `What to do: ${told.do}`));
  return lines;
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");
