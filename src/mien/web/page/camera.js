// The camera: a preview, a recording in the best form the browser offers, and a file of it.

import { $, clock } from "./dom.js";

const LONGEST_S = 300;
// Small movements are the first thing a low bit rate loses.
const BITS_PER_S = 12e6;
const KINDS = ["video/mp4;codecs=avc1.640028", "video/mp4", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];

let stream = null;
let recorder = null;
let recording = null;
let timer = 0;

function lights(...ids) {
  for (const id of ["camera-start", "camera-use", "camera-again"]) $(id).hidden = !ids.includes(id);
}

/** Ask for the camera and show it; raises an Error in words. */
export async function open() {
  close();
  if (!navigator.mediaDevices) throw new Error("browsers give the camera only to pages of this machine: open http://127.0.0.1");
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 60 }, facingMode: "user" },
    });
  } catch (error) {
    const words = { NotAllowedError: "the browser was not allowed to use the camera", NotFoundError: "there is no camera", NotReadableError: "another program uses the camera" };
    throw new Error(words[error.name] || `the camera cannot be used (${error.name})`);
  }
  const preview = $("preview");
  preview.removeAttribute("src");
  preview.srcObject = stream;
  preview.controls = false;
  preview.className = "mirror";
  await preview.play();
  const facts = stream.getVideoTracks()[0].getSettings();
  const slow = facts.frameRate && facts.frameRate < 50 ? " A movement of 0.2 seconds fills only " + Math.round(facts.frameRate * 0.2) + " frames." : "";
  $("camera-facts").textContent = `${facts.width} × ${facts.height}, ${Math.round(facts.frameRate || 0)} frames per second.${slow}`;
  $("camera-start").textContent = "Start recording";
  lights("camera-start");
}

/** Start, or stop, as the button says. */
export function toggle() {
  if (recorder && recorder.state === "recording") recorder.stop();
  else start();
}

function start() {
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const parts = [];
  recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: BITS_PER_S });
  recorder.ondataavailable = (event) => event.data.size && parts.push(event.data);
  recorder.onstop = () => {
    clearInterval(timer);
    $("clock").hidden = true;
    recording = new Blob(parts, { type: recorder.mimeType.split(";")[0] });
    release();
    if (!parts.length) return;
    const preview = $("preview");
    preview.srcObject = null;
    preview.className = "";
    preview.src = URL.createObjectURL(recording);
    preview.controls = true;
    lights("camera-use", "camera-again");
    $("camera-use").focus();
  };
  const began = performance.now();
  const tick = () => {
    const past = (performance.now() - began) / 1000;
    $("clock").textContent = clock(past, 0);
    if (past >= LONGEST_S) recorder.stop();
  };
  recorder.start(1000);
  tick();
  timer = setInterval(tick, 250);
  $("clock").hidden = false;
  $("camera-start").textContent = "Stop";
}

/** The recording as {file, name}. */
export function taken() {
  const ending = recording.type.endsWith("mp4") ? "mp4" : "webm";
  const now = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
  return { file: recording, name: `camera ${now}.${ending}` };
}

function release() {
  if (stream) for (const track of stream.getTracks()) track.stop();
  stream = null;
}

/** Let go of the camera and of what was recorded. */
export function close() {
  clearInterval(timer);
  if (recorder && recorder.state === "recording") {
    recorder.onstop = null;
    recorder.stop();
  }
  release();
  const preview = $("preview");
  preview.srcObject = null;
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.removeAttribute("src");
  $("clock").hidden = true;
}


