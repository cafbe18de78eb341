(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.documentElement.classList.add("scripted");

  // The timeline: everything that moves with time is drawn in seconds, so zooming changes one transform.
  const svg = document.querySelector("svg.timeline");
  const box = document.getElementById("timeline-box");
  const words = document.getElementById("timeline-window-words");
  const { left, right, top, base, height, lengthS } = Object.fromEntries(Object.entries(svg.dataset).map(([key, value]) => [key, +value]));
  const moving = svg.querySelector(".zoomed");
  const axis = svg.querySelector(".x-axis");
  const shortest = Math.min(lengthS, 0.2);
  let from = 0, to = lengthS, width = 960;
  const make = (name, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };
  const clock = (seconds, step) => {
    const digits = step < 1 ? Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) : 0;
    const minutes = Math.floor(seconds / 60 + 1e-9);
    return minutes + ":" + Math.max(0, seconds - 60 * minutes).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  };
  const stepFor = (span, most) => {
    const whole = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].find((step) => span / step <= most);
    if (span / 1 > most) return whole ?? 3600;
    const power = 10 ** Math.floor(Math.log10(span / most));
    return power * [1, 2, 5, 10].find((factor) => span / (power * factor) <= most);
  };
  const draw = () => {
    const inner = Math.max(50, width - left - right);
    const scale = inner / (to - from);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.height = height + "px";
    svg.querySelector("clipPath rect").setAttribute("width", inner);
    all("line.across", svg).forEach((line) => line.setAttribute("x2", width - right));
    moving.setAttribute("transform", `translate(${left - scale * from} 0) scale(${scale} 1)`);
    const step = stepFor(to - from, Math.max(2, Math.floor(inner / 90)));
    axis.replaceChildren(make("line", { x1: left, x2: width - right, y1: base, y2: base, class: "base" }), make("text", { x: 0, y: base + 16, class: "tick" }, "min:s"));
    for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9; k += 1) {
      const x = left + scale * (k * step - from);
      axis.append(make("line", { x1: x, x2: x, y1: top, y2: base, class: "grid" }));
      axis.append(make("text", { x, y: base + 16, "text-anchor": x > width - right - 20 ? "end" : "middle", class: "tick" }, clock(k * step, step)));
    }
    let free = -Infinity;
    for (const number of all(".numbers a", svg)) {
      const x = left + scale * (number.dataset.s - from), half = +number.dataset.half;
      const shown = x >= left && x <= width - right && x - half >= free;
      if (shown) free = x + half;
      number.classList.toggle("off", !shown);
      number.setAttribute("transform", `translate(${x} ${top - 8})`);
    }
    words.textContent = `${from.toFixed(2)} to ${to.toFixed(2)} s of ${lengthS.toFixed(2)} s`;
  };
  const show = (start, end) => {
    const span = Math.min(lengthS, Math.max(shortest, end - start));
    from = Math.min(Math.max(0, start + (end - start - span) / 2), lengthS - span);
    to = from + span;
    draw();
  };
  const zoom = (factor, at = (from + to) / 2) => show(at - (at - from) * factor, at + (to - at) * factor);
  const pan = (share) => show(from + share * (to - from), to + share * (to - from));
  const act = { in: () => zoom(0.5), out: () => zoom(2), left: () => pan(-0.25), right: () => pan(0.25), all: () => show(0, lengthS) };
  const keys = { "+": "in", "=": "in", "-": "out", "_": "out", ArrowLeft: "left", ArrowRight: "right", "0": "all", Home: "all" };
  const tools = document.querySelector("#timeline-figure .tools");
  tools.hidden = false;
  all("[data-zoom]", tools).forEach((button) => button.addEventListener("click", () => act[button.dataset.zoom]()));
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Timeline; keys: plus, minus, arrows, 0 for the whole video");
  box.addEventListener("keydown", (event) => {
    const name = keys[event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act[name]();
  });
  const timeAt = (event) => from + ((event.clientX - svg.getBoundingClientRect().left - left) / (width - left - right)) * (to - from);
  box.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(2 ** (event.deltaY / 240), timeAt(event));
  }, { passive: false });
  box.addEventListener("dblclick", (event) => zoom(0.5, timeAt(event)));
  let held = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("a")) return;
    held = { x: event.clientX, from, to };
    box.setPointerCapture(event.pointerId);
    box.classList.add("held");
  });
  box.addEventListener("pointermove", (event) => {
    if (!held) return;
    const moved = ((event.clientX - held.x) / (width - left - right)) * (held.to - held.from);
    show(held.from - moved, held.to - moved);
  });
  for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, () => { held = null; box.classList.remove("held"); });
  const fit = () => { width = Math.max(260, Math.round(box.clientWidth)); draw(); };
  new ResizeObserver(fit).observe(box);
  fit();

  // A candidate on the timeline, with a second around it.
  for (const button of all("[data-show]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const [start, end] = button.dataset.show.split(" ").map(Number);
      show(start - 1, end + 1);
      document.getElementById("timeline").scrollIntoView();
      box.focus({ preventScroll: true });
    });
  }

  // Onset and apex in turns in one place: the eye sees a change best where it happens.
  for (const button of all(".flicker")) {
    const picture = button.closest("figure").querySelector("img");
    const pair = [picture.src, picture.dataset.other];
    let timer = 0;
    button.hidden = false;
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      clearInterval(timer);
      let turn = 0;
      picture.src = pair[0];
      if (on) timer = setInterval(() => { turn = 1 - turn; picture.src = pair[turn]; }, 450);
    });
  }
})();
