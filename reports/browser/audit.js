// What is wrong with the page that is open, as a list of sentences.
(() => {
  const wrong = [], all = (q, root = document) => [...root.querySelectorAll(q)];
  const seen = (n) => { const r = n.getBoundingClientRect(); return r.width > 0 && r.height > 0 && getComputedStyle(n).visibility !== "hidden"; };
  const named = (n) => `${n.tagName.toLowerCase()}.${n.getAttribute("class") || ""} "${(n.textContent || "").trim().slice(0, 40)}"`;

  const ids = new Set();
  for (const n of all("[id]")) { if (ids.has(n.id)) { wrong.push("id twice: " + n.id); } ids.add(n.id); }
  for (const a of all("a")) {
    const href = a.getAttribute("href"), beside = href.startsWith("./") && a.protocol === location.protocol && a.host === location.host; // a file of the reader's own
    if (!beside && !(href.startsWith("#") && ids.has(href.slice(1)))) { wrong.push("dead link: " + named(a)); }
  }
  if (all("h1").length !== 1) { wrong.push("h1: " + all("h1").length); }
  let level = 0;
  for (const h of all("h1,h2,h3,h4,h5,h6")) { const now = Number(h.tagName[1]); if (now > level + 1) { wrong.push("heading jumps: " + named(h)); } level = now; }
  for (const th of all("th")) { if (!["row", "col"].includes(th.scope)) { wrong.push("no scope: " + named(th)); } }
  if (document.documentElement.lang !== "en") { wrong.push("no language"); }
  for (const c of all("button,input,summary")) { if (seen(c) && c.getBoundingClientRect().height < 24) { wrong.push("under 24 px: " + named(c)); } }
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = all("body *").filter((n) => n.getBoundingClientRect().right > innerWidth + 1 && !n.closest(".scroll,svg,pre")).slice(-3);
    wrong.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${innerWidth}: ${wide.map(named).join("; ")}`);
  }

  const rgb = (text) => { const m = text.match(/[\d.]+/g); return m ? m.map(Number) : [0, 0, 0, 0]; };
  const over = (top, under) => { const a = top.length > 3 ? top[3] : 1; return [0, 1, 2].map((i) => top[i] * a + under[i] * (1 - a)); };
  const shine = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (a, b) => { const [x, y] = [shine(a), shine(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const ground = (n) => {
    const layers = [];
    for (let p = n; p; p = p.parentElement) { const c = rgb(getComputedStyle(p).backgroundColor); if (c.length < 4 || c[3] > 0) { layers.push(c); if (c.length < 4 || c[3] === 1) { break; } } }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const report = new Map();
  const need = (least, what, n, ink, paper) => {
    const got = contrast(over(ink, paper), paper);
    if (got < least - 0.005) { report.set(`${what} ${n.getAttribute("class") || n.tagName} ${ink} on ${paper}`, `contrast ${got.toFixed(2)} < ${least}: ${what} ${named(n)} ${ink} on ${paper}`); }
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const n = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !seen(n) || n.closest("script,style,title")) { continue; }
    const style = getComputedStyle(n), svg = n.closest("svg");
    let paper = ground(n);
    if (svg && n.previousElementSibling && n.previousElementSibling.tagName === "rect") { const r = getComputedStyle(n.previousElementSibling); paper = over([...rgb(r.fill).slice(0, 3), Number(r.fillOpacity)], paper); }
    need(4.5, "text", n, rgb(svg ? style.fill : style.color), paper);
  }
  for (const p of all("path.l,path.limit,path.edge,path.mark")) {
    const r = p.getBoundingClientRect(); // a level line has no height
    if (p.getAttribute("d") && r.width + r.height > 0) { need(3, "stroke", p, rgb(getComputedStyle(p).stroke), ground(p)); }
  }
  for (const r of all(".bar rect")) { if (seen(r)) { need(3, "bar", r, rgb(getComputedStyle(r).fill), ground(r)); } }
  const small = all("svg text").filter((n) => seen(n) && parseFloat(getComputedStyle(n).fontSize) < 12);
  if (small.length) { wrong.push("chart text under 12 px: " + named(small[0])); }
  return wrong.concat([...report.values()]);
})()
