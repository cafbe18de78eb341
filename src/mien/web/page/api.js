// Requests to this server: send, follow, fetch, delete.

const at = (id, rest = "") => `api/jobs/${encodeURIComponent(id)}${rest}`;

export const fileAt = (id, path) => at(id, `/files/${path.split("/").map(encodeURIComponent).join("/")}`);
export const zipAt = (id) => at(id, "/zip");

export class Refused extends Error {
  constructor(problem, status) {
    super(problem.what);
    this.problem = problem;
    this.status = status;
  }
}

const NO_CONTACT = { what: "the server cannot be reached", do: "look whether it still runs, then try again" };

async function json(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { ...options, cache: "no-store" });
  } catch {
    throw new Refused(NO_CONTACT, 0);
  }
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(body || { what: `the server answered ${answer.status}` }, answer.status);
  return body;
}

export const limits = () => json("api/limits");
export const state = (id) => json(at(id));
export const files = (id) => json(at(id, "/files"));
export const found = (id) => json(fileAt(id, "events.json"));
export const timeline = (id, from, to) => json(at(id, `/timeline?from_s=${from}&to_s=${to}`));
export const remove = (id) => json(at(id), { method: "DELETE" });

/** Send a video; `told(sent, total)` while it goes. Returns {done: a promise of the job, stop}. */
export function send(file, name, options, told) {
  const request = new XMLHttpRequest();
  const form = new FormData();
  for (const [key, value] of Object.entries(options)) if (value) form.append(key, value);
  form.append("video", file, name);
  const done = new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => told(event.loaded, event.total));
    request.addEventListener("load", () => {
      const answer = request.response;
      if (request.status === 202) resolve(answer);
      else reject(new Refused(answer || { what: `the server answered ${request.status}` }, request.status));
    });
    request.addEventListener("error", () => reject(new Refused({ ...NO_CONTACT, what: "the upload broke off" }, 0)));
    request.addEventListener("abort", () => reject(new Refused({ what: "stopped" }, -1)));
  });
  request.open("POST", "api/jobs");
  request.responseType = "json";
  request.send(form);
  return { done, stop: () => request.abort() };
}

/** Call `told(state)` with every change until the job is over; `lost(refused)` when it is gone. Returns a stop. */
export function follow(id, told, lost) {
  let over = false;
  const source = new EventSource(at(id, "/progress"));
  const end = () => {
    over = true;
    source.close();
  };
  source.onmessage = (event) => {
    const now = JSON.parse(event.data);
    if (["done", "failed", "deleted"].includes(now.state)) end();
    told(now);
  };
  source.onerror = async () => {
    // The stream broke: EventSource comes again by itself, unless the job is gone.
    if (over) return;
    try {
      const now = await state(id);
      if (!over) told(now);
    } catch (refused) {
      if (!over && refused.status === 404) {
        end();
        lost(refused);
      }
    }
    if (!over && source.readyState === EventSource.CLOSED) {
      end();
      setTimeout(() => { stop = follow(id, told, lost); }, 2000);
    }
  };
  let stop = end;
  return () => stop();
}
