// The page: from a file to its result. The job's id stands behind the # of the address, so that a reload finds it.

import * as api from "./api.js";
import * as camera from "./camera.js";
import { $, clock, el, percent, problem, seconds, sentence, show, size, span } from "./dom.js";
import { detail, line } from "./event.js";
import { Timeline } from "./timeline.js";

let limits = null;
let sending = null;
let unfollow = () => {};
let job = null;
let shown = null;
let ownVideo = null; // the file itself, as long as this page is open: the server's copy is gone

function alert(...content) {
  $("alert").replaceChildren(...(content.length ? [el("div", { class: "note warn" }, ...content)] : []));
}

function home() {
  forget();
  history.replaceState(null, "", "./");
  document.title = "Mien";
  show("start");
  refresh();
}

/** Leave whatever is shown; what the server holds stays. */
function forget() {
  unfollow();
  sending?.stop();
  sending = null;
  shown?.timeline.close();
  shown = null;
  job = null;
  if (ownVideo) URL.revokeObjectURL(ownVideo);
  ownVideo = null;
  camera.close();
}

async function refresh() {
  try {
    limits = await api.limits();
  } catch (refused) {
    alert(...problem(refused.problem));
    return;
  }
  $("version").textContent = `Mien ${limits.version}`;
  $("limits").textContent = `Up to ${size(limits.upload_bytes)}, and ${span(limits.job_s)} of computing. Results are deleted after ${span(limits.keep_s)}.`;
  if (!limits.local) $("stays").textContent = `The video goes to the Mien that runs on ${location.hostname}, and nowhere else.`;
}

async function begin(file, name) {
  alert();
  if (limits && file.size > limits.upload_bytes) {
    alert(...problem({ what: "the file is larger than allowed", found: size(file.size), do: `cut or shrink it to at most ${size(limits.upload_bytes)}, or use mien analyse on the command line` }));
    return;
  }
  if (!file.size) {
    alert(...problem({ what: "the file is empty", do: "choose another" }));
    return;
  }
  const options = { exclude: $("exclude").value.trim(), baseline: $("baseline").value.trim() };
  forget();
  ownVideo = URL.createObjectURL(file);
  show("work");
  $("work-title").textContent = name;
  $("main").focus();
  const told = (sent, total) => stages("Sending the video", [{ name: "send", done: sent, total, state: "running", words: `${size(sent)} of ${size(total)}` }]);
  told(0, file.size);
  sending = api.send(file, name, options, told);
  try {
    job = await sending.done;
  } catch (refused) {
    if (refused.status === -1) return;
    home();
    alert(...problem(refused.problem));
    return;
  }
  sending = null;
  history.replaceState(null, "", `#${job.id}`);
  follow();
}

function follow() {
  unfollow();
  unfollow = api.follow(job.id, news, gone);
  news(job);
}

function news(state) {
  job = state;
  if (state.state === "done") return result();
  if (state.state === "deleted") return home();
  if (state.state === "failed") return failed(state);
  show("work");
  $("work-title").textContent = state.name;
  document.title = `${state.name} – Mien`;
  const waits = state.position === 1 ? "Next in the queue" : `Number ${state.position} in the queue`;
  const lead = state.state === "queued" ? `${waits}. You can leave this page open; closing it for long gives up the place.` : "Analysing";
  const steps = state.stages.map((stage) => ({ ...stage, words: amount(stage) }));
  stages(lead, [{ name: "send", state: "done", done: 1, total: 1, words: size(state.size_bytes) }, ...steps]);
  return undefined;
}

/** How much of a stage is done, where that says anything. */
function amount({ state, done, total }) {
  if (total <= 1) return "";
  return state === "done" ? `${total}` : `${done} of ${total}`;
}

function stages(lead, list) {
  if ($("work-lead").textContent !== lead) $("work-lead").textContent = lead;
  $("stages").replaceChildren(...list.map((stage) => {
    const running = stage.state === "running";
    const bar = running ? el("progress", { max: stage.total || null, value: stage.total ? stage.done : null, "aria-label": stage.name }) : null;
    return el("li", { class: stage.state, "aria-current": running ? "step" : null },
      el("span", { class: "dot", "aria-hidden": "true" }), el("b", {}, stage.name), el("span", { class: "count" }, stage.state === "waiting" ? "" : stage.words), bar);
  }));
}

function failed(state) {
  unfollow();
  show("failed");
  document.title = "Mien";
  $("failed-why").replaceChildren(...problem(state.error || {}));
  $("failed-again").focus();
}

function gone(refused) {
  home();
  alert(...problem(refused.problem));
}

async function result() {
  unfollow();
  const id = job.id;
  let found, files;
  try {
    [found, files] = await Promise.all([api.found(id), api.files(id)]);
  } catch (refused) {
    gone(refused);
    return;
  }
  show("result");
  const events = found.events;
  const paths = new Set(files.map((file) => file.path));
  const words = events.length === 1 ? "1 candidate movement" : `${events.length || "No"} candidate movements`;
  $("result-title").textContent = words;
  $("result-name").textContent = job.name;
  document.title = `${words} – Mien`;
  $("zip").href = api.zipAt(id);
  $("report").hidden = !paths.has("report.html");
  $("report").href = api.fileAt(id, "report.html");
  facts(found);
  notes(found);
  $("expiry").textContent = `The video is deleted. This result is deleted ${job.deleted_in_s === null ? "" : `in ${span(job.deleted_in_s)}, or `}when the server ends.`;
  const own = ownPlayer();
  const timeline = new Timeline($("timeline"), events, (from, to) => api.timeline(id, from, to), open, (time) => seek(time));
  shown = { id, events, paths, own, timeline, model: found.model };
  $("events").replaceChildren(...events.map((event) => line(event, open)));
  $("list-panel").hidden = !events.length;
  if (own) own.slowly.hidden = !events.length;
  $("event").replaceChildren(el("p", { class: "small" }, events.length ? "Choose a candidate in the timeline or in the list." : "No movement stood out. The frame table still tells how far the face moved in every frame."), ...(own ? [el("div", { class: "films" }, own.box)] : []));
  await timeline.open();
  if (events.length) open(events[0].event_id, false);
}

function facts(found) {
  const summary = found.summary || {};
  const rate = summary.fps ? `${Number(summary.fps).toFixed(1)} frames per second${summary.variable_rate ? ", varying" : ""}` : null;
  const list = [["length", summary.duration_s ? clock(summary.duration_s, 1) : null], ["picture", summary.width ? `${summary.width} × ${summary.height}` : null], ["rate", rate],
    ["face seen in", summary.lost_share === null || summary.lost_share === undefined ? null : `${percent(1 - summary.lost_share)} of ${summary.n_frames} frames`],
    ["false alarms to expect", alarms(found.detector)], ["computed in", seconds(job.seconds, 1)]];
  $("facts").replaceChildren(...list.filter(([, value]) => value).map(([name, value]) => el("li", {}, el("span", {}, name), value)));
}

function alarms(detector) {
  const rates = detector?.false_alarms_per_min;
  const known = Object.entries(typeof rates === "number" ? { "": rates } : rates || {}).filter(([, rate]) => typeof rate === "number");
  return known.length ? `${known.map(([kind, rate]) => `${kind} ${rate.toFixed(1)}`.trim()).join(", ")} per minute` : null;
}

function notes(found) {
  const all = [...(found.notes || []), ...job.warnings.filter((text) => !(found.notes || []).includes(text))];
  $("notes").replaceChildren(...(all.length ? [el("div", { class: "note" }, el("ul", {}, ...all.map((text) => el("li", {}, text))))] : []));
}

function ownPlayer() {
  if (!ownVideo) return null;
  const video = el("video", { src: ownVideo, "aria-label": "Your video", controls: true, muted: true, playsinline: true, preload: "auto" });
  const slowly = el("button", { type: "button" }, "Play the candidate slowly");
  let stopAt = null;
  video.addEventListener("timeupdate", () => {
    shown?.timeline.at(video.currentTime);
    if (stopAt !== null && video.currentTime >= stopAt) {
      video.pause();
      stopAt = null;
    }
  });
  video.addEventListener("seeking", () => shown?.timeline.at(video.currentTime));
  slowly.addEventListener("click", () => {
    const event = shown?.events.find((each) => each.event_id === shown.chosen);
    if (!event) return;
    video.currentTime = Math.max(0, event.onset_s - 0.3);
    video.playbackRate = 0.25;
    stopAt = event.offset_s + 0.3;
    video.play();
  });
  const box = el("div", { class: "own" }, el("h3", {}, "Your video, from this computer"), video, el("div", { class: "row tools" }, slowly));
  video.addEventListener("error", () => { box.hidden = true; });
  return { box, video, slowly };
}

function seek(time) {
  if (shown?.own) shown.own.video.currentTime = Math.max(0, time);
  shown?.timeline.at(time);
}

function open(id, focus = true) {
  const event = shown.events.find((each) => each.event_id === id);
  shown.chosen = id;
  shown.timeline.choose(id);
  seek(event.apex_s);
  for (const button of $("events").querySelectorAll("button")) {
    const is = button.dataset.event === String(id);
    button.setAttribute("aria-current", String(is));
    if (is && focus) button.scrollIntoView({ block: "nearest" });
  }
  $("event").replaceChildren(...detail(shown.id, event, shown.events, shown.paths, shown.own?.box, shown.model, open));
}

async function erase() {
  const id = job.id;
  try {
    await api.remove(id);
  } catch (refused) {
    if (refused.status !== 404) {
      alert(...problem(refused.problem));
      return;
    }
  }
  home();
  $("alert").replaceChildren(el("div", { class: "note" }, el("p", {}, "Deleted.")));
}

function listen() {
  const on = (id, action) => $(id).addEventListener("click", action);
  on("home", (event) => { event.preventDefault(); alert(); home(); });
  on("choose", () => $("file").click());
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) begin(file, file.name);
    $("file").value = "";
  });
  const drop = $("drop");
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  drop.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (file) begin(file, file.name);
  });
  // A video dropped beside the zone would leave the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  const record = async () => {
    alert();
    show("camera");
    try {
      await camera.open();
    } catch (error) {
      home();
      alert(el("p", {}, sentence(error.message)));
    }
  };
  on("record", record);
  on("camera-again", record);
  on("camera-start", camera.toggle);
  on("camera-use", () => { const { file, name } = camera.taken(); begin(file, name); });
  on("camera-back", home);
  on("cancel", () => (job ? erase() : home()));
  on("failed-again", () => { alert(); home(); });
  on("delete", () => { $("sure").returnValue = "no"; $("sure").showModal(); });
  $("sure").addEventListener("close", () => { if ($("sure").returnValue === "yes") erase(); });
  on("closer", () => shown.timeline.zoom(0.5));
  on("wider", () => shown.timeline.zoom(2));
  on("earlier", () => shown.timeline.move(-0.5));
  on("later", () => shown.timeline.move(0.5));
  on("whole", () => shown.timeline.view(0, 1e9));
}

async function start() {
  listen();
  const id = location.hash.slice(1);
  if (!id) return home();
  await refresh();
  try {
    job = await api.state(id);
  } catch (refused) {
    return gone(refused);
  }
  return follow();
}

start();
