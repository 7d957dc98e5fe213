"use strict";
(() => {
  const NB = "\u00a0";
  const all = (root, query) => [...root.querySelectorAll(query)];
  const num = (node, name) => Number(node.getAttribute(name));

  // The numbers of a path: integers, absolute after M, relative after l.
  const decode = (path) => {
    const [t0, step] = path.dataset.t.split(" ").map(Number), each = Number(path.dataset.v);
    const out = { t: [], v: [], gap: [], unit: path.dataset.u, near: 0 };
    const tokens = path.getAttribute("d").match(/[Ml]|-?\d+/g) || [];
    let x = 0, y = 0, absolute = true, fresh = false;
    for (let i = 0; i < tokens.length;) {
      if (tokens[i] === "M" || tokens[i] === "l") { absolute = tokens[i++] === "M"; fresh = fresh || absolute; continue; }
      const dx = Number(tokens[i++]), dy = Number(tokens[i++]);
      if (!absolute && !dx && !dy && fresh) { continue; }
      x = absolute ? dx : x + dx; y = absolute ? dy : y + dy;
      out.t.push(t0 + x * step); out.v.push(y * each);
      fresh = absolute;
    }
    const d = out.t.slice(1).map((t, i) => t - out.t[i]).sort((a, b) => a - b);
    out.near = 1.5 * (d[d.length >> 1] || 1);
    return out;
  };
  const at = (data, t) => {
    let lo = 0, hi = data.t.length - 1;
    if (hi < 0) { return null; }
    while (lo < hi) { const mid = (lo + hi) >> 1; if (data.t[mid] < t) { lo = mid + 1; } else { hi = mid; } }
    if (lo && t - data.t[lo - 1] < data.t[lo] - t) { lo--; }
    return Math.abs(data.t[lo] - t) <= data.near ? data.v[lo] : null;
  };

  // As the harness writes numbers: three digits, no-break spaces.
  const number = (v) => {
    let s = v === Math.trunc(v) || Math.abs(v) >= 100 ? v.toFixed(0) : String(Number(v.toPrecision(3)));
    return s.replace(/^(-?\d{4,})$/, (w) => w.replace(/\B(?=(\d{3})+$)/g, NB));
  };
  const format = (v, unit) => {
    if (v === null) { return "no sample"; }
    if (unit === "bytes") {
      for (const [size, name] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) { if (Math.abs(v) >= size) { return number(v / size) + NB + name; } }
      return number(v) + NB + "B";
    }
    if (unit === "ratio") { return number(v * 100) + NB + "%"; }
    if (unit === "count" || unit === "") { return number(v); }
    if (unit === "per_s") { return number(v) + "/s"; }
    if (unit === "x") { return number(v) + "×"; }
    return number(v) + NB + unit;
  };

  const charts = (root) => {
    const whole = [num(root, "data-from"), num(root, "data-to")];
    const phases = root.dataset.phases.split("\n").filter(Boolean).map((p) => { const [from, to, ...name] = p.split(" "); return { from: +from, to: +to, name: name.join(" ") }; });
    const slider = root.querySelector("input[type=range]"), said = root.querySelector(".when"), hint = said.textContent;
    const buttons = all(root, "button[data-zoom]"), plots = all(root, ".plot"), ticks = all(root, ".axis text");
    const panels = all(root, ".panel").map((panel) => ({
      plot: panel.querySelector(".plot"), line: null,
      reads: all(panel, "path[data-t]").map((path, i) => { const out = all(panel, ".read")[i]; return { path, out, peak: out.textContent, data: null }; }),
    }));
    let view = whole, cursor = null;
    const percent = (t) => 100 * (t - view[0]) / (view[1] - view[0]);
    const place = (node, t) => { node.setAttribute("x", percent(t) + "%"); };

    const draw = () => {
      for (const p of panels) {
        if (!p.line) { p.line = document.createElementNS(p.plot.namespaceURI, "line"); p.line.setAttribute("class", "cur"); p.line.setAttribute("y2", "100%"); p.plot.append(p.line); }
        const seen = cursor !== null && cursor >= view[0] && cursor <= view[1];
        p.line.setAttribute("visibility", seen ? "visible" : "hidden");
        if (seen) { for (const x of ["x1", "x2"]) { p.line.setAttribute(x, percent(cursor) + "%"); } }
        for (const r of p.reads) {
          if (cursor === null) { r.out.textContent = r.peak; continue; }
          r.data = r.data || decode(r.path);
          r.out.textContent = format(at(r.data, cursor), r.data.unit);
        }
      }
      if (cursor === null) { said.textContent = hint; slider.removeAttribute("aria-valuetext"); return; }
      const phase = phases.find((p) => cursor >= p.from && cursor < p.to);
      const when = cursor.toFixed(2).replace(/\.?0+$/, "") + NB + "s" + (phase ? ", " + phase.name : "");
      said.textContent = when;
      const first = panels[0] ? panels[0].reads.map((r) => r.out.previousElementSibling.textContent + " " + r.out.textContent) : [];
      slider.setAttribute("aria-valuetext", [when, ...first].join("; "));
      slider.value = cursor;
    };
    const read = (t) => { cursor = t; draw(); };

    const zoom = (from, to) => {
      view = to - from > (whole[1] - whole[0]) / 2000 ? [Math.max(from, whole[0]), Math.min(to, whole[1])] : whole;
      const box = view[0] + " 0 " + (view[1] - view[0]) + " 100";
      all(root, "svg.data").forEach((svg) => svg.setAttribute("viewBox", box));
      all(root, ".span").forEach((svg) => {
        const from = Math.max(num(svg, "data-from"), view[0]), to = Math.min(num(svg, "data-to"), view[1]);
        svg.setAttribute("visibility", to > from ? "visible" : "hidden");
        place(svg, from); svg.setAttribute("width", Math.max(percent(to) - percent(from), 0) + "%");
      });
      all(root, ".flag").forEach((svg) => { const t = num(svg, "data-at"); svg.setAttribute("visibility", t >= view[0] && t <= view[1] ? "visible" : "hidden"); place(svg, t); });
      ticks.forEach((text, i) => {
        const t = view === whole ? num(text, "data-at") : view[0] + (view[1] - view[0]) * i / Math.max(ticks.length - 1, 1);
        text.textContent = Number(t.toFixed(2)) + NB + "s"; place(text, t);
      });
      slider.min = view[0]; slider.max = view[1];
      const key = view.join(" ");
      buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.zoom === key)));
      draw();
    };
    const reset = () => { zoom(...whole); read(null); slider.value = whole[0]; };

    buttons.forEach((b) => b.addEventListener("click", () => zoom(...b.dataset.zoom.split(" ").map(Number))));
    slider.addEventListener("input", () => read(Number(slider.value)));
    slider.addEventListener("focus", () => { if (cursor === null && slider.matches(":focus-visible")) { read(Number(slider.value)); } });
    plots.forEach((plot) => {
      let from = null, pick = null;
      const time = (event) => { const box = plot.getBoundingClientRect(); return view[0] + (view[1] - view[0]) * Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1); };
      const done = () => { if (pick) { pick.remove(); } from = pick = null; };
      plot.addEventListener("pointerdown", (event) => {
        read(time(event));
        if (event.pointerType === "touch" || event.button !== 0) { return; }
        from = time(event); plot.setPointerCapture(event.pointerId); event.preventDefault();
      });
      plot.addEventListener("pointermove", (event) => {
        const t = time(event); read(t);
        if (from === null) { return; }
        if (!pick) { pick = document.createElementNS(plot.namespaceURI, "rect"); pick.setAttribute("class", "pick"); pick.setAttribute("height", "100%"); plot.append(pick); }
        place(pick, Math.min(from, t)); pick.setAttribute("width", Math.abs(percent(t) - percent(from)) + "%");
      });
      plot.addEventListener("pointerup", (event) => {
        const start = from, t = time(event); done();
        if (start !== null && Math.abs(percent(t) - percent(start)) > 1) { zoom(Math.min(start, t), Math.max(start, t)); }
      });
      plot.addEventListener("pointercancel", done);
      plot.addEventListener("pointerleave", (event) => { if (from === null && event.pointerType !== "touch") { read(null); } });
    });
    // A legend switches its line off, and charts that are folded away are found by text.
    panels.forEach((p) => p.reads.forEach((r) => {
      const button = document.createElement("button"), entry = r.out.parentElement;
      button.type = "button"; button.className = "key-button"; button.title = "Switch this line off or on";
      button.setAttribute("aria-pressed", "true");
      button.append(...entry.childNodes); entry.append(button);
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on)); r.path.setAttribute("visibility", on ? "visible" : "hidden");
      });
    }));
    all(root, ".find-series input").forEach((box) => box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      all(box.closest(".more"), ".panel").forEach((panel) => { const text = panel.querySelector("figcaption").textContent.toLowerCase(); panel.hidden = !words.every((w) => text.includes(w)); });
    }));
    all(root, "[hidden]").forEach((node) => { node.hidden = false; });
    return { reset, name: slider.getAttribute("aria-label"), state: () => [view === whole ? null : view, cursor], become: (span, t) => { if (span) { zoom(...span); } if (t !== null) { read(t); } } };
  };

  // Charts that are folded away wait until somebody unfolds them: a page may have hundreds.
  const drawings = new Map(), first = new WeakMap();
  const begin = (root) => drawings.get(root) || drawings.set(root, charts(root)).get(root);
  const copy = (line) => {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = "Copy";
    line.append(" ", button);
    button.addEventListener("click", () => {
      getSelection().selectAllChildren(line.querySelector("code"));
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected: now Ctrl+C";
    });
  };
  // In a page of hundreds what is folded is text until somebody unfolds it: to build it all takes
  // seconds. Without scripts, and in print, it is there. The policy is made here, so by nobody else.
  const text = window.trustedTypes ? trustedTypes.createPolicy("unfold", { createHTML: (html) => html }) : { createHTML: (html) => html };
  const unpack = (fold) => {
    const packed = fold.querySelector(":scope > noscript");
    if (packed) { packed.replaceWith(document.createRange().createContextualFragment(text.createHTML(packed.textContent))); ready(fold); }
  };
  const sections = () => all(document, ".scenario"), fold = (section) => section.querySelector(".unfold");
  const find = () => document.getElementById("find");
  // ready makes a page, or what was put into it, answer.
  const ready = (root) => {
    all(root, "details").forEach((node) => first.set(node, node.open));
    all(root, ".charts").forEach((node) => { if (!node.closest(".unfold:not([open])")) { begin(node); } });
    all(root, ".again").forEach(copy); // a line to type is copied, or at least selected
    all(root, ".find").forEach((node) => { node.hidden = false; });
  };

  // Scenarios are found by text and walked by keys; what is unfolded is in the address.
  const filter = () => {
    const words = find().value.toLowerCase().split(/\s+/).filter(Boolean), rows = all(document, "tr[data-of]");
    let n = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase(), on = words.every((w) => text.includes(w));
      row.hidden = document.getElementById(row.dataset.of).hidden = !on; n += on;
    });
    find().parentElement.querySelector("[role=status]").textContent = words.length ? n + " of " + rows.length : "";
  };
  const explain = () => {
    const button = document.querySelector(".keys"), help = document.querySelector(".find .hint");
    help.hidden = !help.hidden; button.setAttribute("aria-expanded", String(!help.hidden));
  };
  const follow = () => {
    const ids = location.hash.slice(1).split("+"), named = sections().filter((s) => ids.includes(s.id));
    named.forEach((s) => { fold(s).open = true; });
    if (named.length === 1) { named[0].scrollIntoView(); }
  };
  let filling = false; // what the page unfolds by itself is nobody's wish, and not in the address
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches(".unfold")) { return; }
    unpack(event.target);
    all(event.target, ".charts").forEach(begin);
    // As the page came it is nobody's wish: with an address that names one scenario it would begin there.
    if (find() && !filling && (location.hash || event.target.open !== first.get(event.target))) { history.replaceState(null, "", "#" + sections().filter((s) => fold(s).open).map((s) => s.id).join("+")); }
  }, true);
  document.addEventListener("input", (event) => { if (event.target.id === "find") { filter(); } });
  document.addEventListener("click", (event) => { if (event.target.matches(".keys")) { explain(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { drawings.forEach((d) => d.reset()); }
    const box = find();
    if (!box) { return; }
    if (event.key === "Escape" && box.value) { box.value = ""; filter(); }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === box) { return; }
    const list = sections().filter((s) => !s.hidden), now = list.findIndex((s) => s.contains(document.activeElement));
    const to = list[{ j: now + 1, k: Math.max(now - 1, 0) }[event.key]];
    if (to) { fold(to).firstElementChild.focus(); }
    if (event.key === "/") { event.preventDefault(); box.focus(); }
    if (event.key === "?") { explain(); }
  });

  addEventListener("beforeprint", () => all(document, ".unfold").forEach(unpack));

  const pristine = document.body.cloneNode(!!document.body.dataset.events); // as it was written
  ready(document);
  if (find()) { follow(); addEventListener("hashchange", follow); }
  /* FILL */
})();
