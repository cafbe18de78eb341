// One candidate: its pictures, its times, how probable each class is, how much the model doubts, and what moved.

import { el, percent, seconds, sentence } from "./dom.js";
import { fileAt } from "./api.js";

const SIDES = { left: "stronger on the person's left", right: "stronger on the person's right", both: "about equal on both sides" };
const DIRECTIONS = ["right", "down and right", "down", "down and left", "left", "up and left", "up", "up and right"];

/** One line of the list. */
export function line(event, open) {
  const best = event.label || (event.abstained ? "no class: the model abstains" : "no class");
  const p = event.label ? percent(event.prob?.[event.label]) : "";
  return el("li", { class: event.kind },
    el("button", { type: "button", "data-event": event.event_id, onclick: () => open(event.event_id) },
      el("i"), el("b", {}, `${seconds(event.onset_s)} – ${seconds(event.offset_s)}`), el("span", { class: "p" }, p),
      el("span", { class: "what" }, `${event.kind} · ${best}${event.regions?.length ? ` · ${plain(event.regions[0].region)}` : ""}`)));
}

/** What is known of an event, as elements. @param files paths of the result's files. @param own the video element, if there is one. */
export function detail(job, event, events, files, own, model, open) {
  const place = events.indexOf(event);
  const step = (by, words) => {
    const other = events[place + by];
    return el("button", { type: "button", disabled: !other, onclick: () => other && open(other.event_id) }, words);
  };
  return [
    el("div", { class: "head" }, el("h2", {}, `Candidate ${event.event_id} of ${events.length}`), el("div", { class: "row tools" }, step(-1, "← Previous"), step(1, "Next →"))),
    times(event),
    pictures(job, event, files),
    event.note && !event.abstained ? el("div", { class: "note" }, el("p", {}, sentence(event.note))) : null,
    el("div", { class: "columns" },
      el("div", {}, ...probabilities(event, model)),
      el("div", {}, ...movement(event))),
    ...nearest(event),
    films(job, event, files, own),
  ].filter(Boolean);
}

function times(event) {
  const item = (name, time, frame) => el("li", {}, el("span", {}, name), `${seconds(time)} (frame ${frame})`);
  return el("ul", { class: "times" },
    el("li", {}, el("b", {}, event.kind)), item("onset", event.onset_s, event.onset_frame), item("apex", event.apex_s, event.apex_frame),
    item("offset", event.offset_s, event.offset_frame), el("li", {}, el("span", {}, "lasts"), seconds(event.duration_s ?? event.offset_s - event.onset_s)));
}

function pictures(job, event, files) {
  const picture = (file, caption, words) => {
    const path = `pictures/${stemOf(event)}-${file}`;
    return files.has(path) ? el("figure", {}, el("img", { src: fileAt(job, path), alt: words }), el("figcaption", {}, caption)) : null;
  };
  const shown = [
    picture("onset.png", `Onset, ${seconds(event.onset_s)}`, "The face at the onset"),
    picture("apex.png", `Apex, ${seconds(event.apex_s)}`, "The face at the apex"),
    picture("flow.svg", "Flow from onset to apex", "Arrows: how each part of the face moved from onset to apex"),
  ].filter(Boolean);
  return shown.length ? el("div", { class: "pictures" }, ...shown) : null;
}

/** The magnified clip of the result beside the user's own video. */
function films(job, event, files, own) {
  const path = `magnified/${stemOf(event)}-${event.kind}.mp4`;
  const film = () => el("div", {}, el("h3", {}, "As filmed, and magnified, slowly"),
    el("video", { src: `${fileAt(job, path)}#t=0.01`, controls: true, loop: true, muted: true, playsinline: true, preload: "auto", "aria-label": "The candidate as filmed and magnified" }));
  const shown = [files.has(path) ? film() : null, own].filter(Boolean);
  return shown.length ? el("div", { class: "films" }, ...shown) : null;
}

const stemOf = (event) => `event-${String(event.event_id).padStart(3, "0")}`;

function probabilities(event, model) {
  const all = Object.entries(event.prob || {}).filter(([, p]) => p !== null);
  const parts = [el("h3", {}, "Class, with calibrated probability")];
  if (event.abstained) {
    const least = model?.calibration?.abstain_below;
    parts.push(el("div", { class: "note warn" }, el("p", {}, el("b", {}, "The model abstains. "), least ? `No class reaches ${percent(least)}.` : "No class is probable enough.")));
  }
  if (!all.length) {
    parts.push(el("p", { class: "small" }, "None was given for this candidate."));
    return parts;
  }
  const rows = all.map(([name, p]) => bar(name, p, 1, percent(p), name === event.label ? "best" : null));
  const most = Math.log(all.length);
  if (event.doubt !== null && event.doubt !== undefined) rows.push(bar("doubt", event.doubt, most, event.doubt.toFixed(2), "doubt"));
  parts.push(el("table", { class: "bars" }, el("tbody", {}, ...rows)));
  parts.push(el("p", { class: "small" }, `Doubt tells how far the members of the model disagree: 0 to ${most.toFixed(2)} nats.`));
  const record = model?.record?.[0];
  if (record?.uf1?.mean) parts.push(el("p", { class: "small" }, `On ${record.n_clips} clips of people it had never seen (${record.on}; apex ${record.apex}) this model reached UF1 ${record.uf1.mean.toFixed(2)}, UAR ${record.uar.mean.toFixed(2)}.`));
  return parts;
}

function movement(event) {
  const regions = (event.regions || []).slice(0, 6);
  const parts = [el("h3", {}, "What moved, in pixels of the aligned face")];
  if (!regions.length) return [...parts, el("p", { class: "small" }, "Not measured.")];
  const top = Math.max(...regions.map(length), 1e-6);
  parts.push(el("table", { class: "bars" }, el("tbody", {}, ...regions.map((each) => bar(plain(each.region), length(each), top, length(each).toFixed(2), null, `${plain(each.region)} ${direction(each)}`)))));
  const largest = regions[0];
  parts.push(el("p", { class: "small" }, `The ${plain(largest.region)} moved most: ${direction(largest)} in the picture. The movement is ${SIDES[event.side] || "not measured"}.`));
  if (event.lost_share > 0) parts.push(el("p", { class: "small" }, `The face was not seen in ${percent(event.lost_share)} of its frames.`));
  return parts;
}

function nearest(event) {
  if (!event.nearest?.length) return [];
  return [el("h3", {}, "Sentences about Action Units that lie nearest, with cosine"),
    el("ol", { class: "near" }, ...event.nearest.slice(0, 5).map((each) => el("li", {}, each.sentence, el("span", {}, each.cosine?.toFixed(2) ?? "–"))))];
}

function bar(name, value, top, text, kind, title = name) {
  const filled = el("span");
  filled.style.width = `${Math.min(100, (100 * value) / top)}%`;
  return el("tr", { class: kind, title }, el("th", { scope: "row" }, name), el("td", {}, el("span", { class: "bar" }, filled)), el("td", {}, text));
}

const plain = (name) => name.replaceAll("_", " ").replaceAll("-", " ");
const length = (region) => region.size_px ?? Math.hypot(region.u_px, region.v_px);
const direction = (region) => DIRECTIONS[(Math.round((8 * Math.atan2(region.v_px, region.u_px)) / (2 * Math.PI)) + 8) % 8];
