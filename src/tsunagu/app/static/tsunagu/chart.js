// A deal's course: the risk above as a line, its facts below as points, one lane a kind.
"use strict";

const LANE = 26;
const CURVE = 150;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function looks() {
  const dark = document.documentElement.dataset.bsTheme === "dark";
  return {
    text: dark ? "#dbe3ee" : "#2b3440",
    grid: dark ? "#3a4454" : "#dfe4ea",
    line: colour("--act-now"),
    point: dark ? "#9dbdf0" : "#264b82",
    change: dark ? "#98a2b3" : "#667085",
    paper: dark ? "#1b2230" : "#ffffff",
  };
}

function said(event, lanes, day) {
  const first = [day(event.at), lanes[event.lane], event.direction].filter(Boolean).join(" · ");
  return event.text ? `${first}\n${event.text}` : first;
}

// Room for the title, and for the line below it that explains the dashes.
function above(data) {
  return data.traced.length ? 54 : 34;
}

function option(data, look, words, narrow) {
  const language = document.documentElement.lang;
  const format = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", weekday: "short" });
  const day = (at) => format.format(new Date(at));
  const left = narrow ? 100 : 148;
  const right = narrow ? 46 : 50; // the last risk stands there
  const top = above(data);
  const lanesTop = top + CURVE + 18;
  const times = [...data.events.map((e) => e.at), ...data.risk.map((r) => r[0])].map((t) => +new Date(t));
  const span = { min: Math.min(...times), max: Math.max(...times, Date.now()) };
  const xAxis = (index, shown) => ({
    type: "time", gridIndex: index, ...span,
    axisLabel: { show: shown, color: look.text, hideOverlap: true }, axisTick: { show: shown },
    axisLine: { lineStyle: { color: look.grid } }, splitLine: { show: true, lineStyle: { color: look.grid, opacity: 0.5 } },
  });
  const traced = new Set(data.traced);
  const kept = data.risk.filter((r) => !traced.has(r[0]));
  // The dashed part reaches to the first risk that was kept on its day.
  const past = data.risk.filter((r) => traced.has(r[0]) && !(kept[0] && r[0] > kept[0][0])).map((r) => ({ value: r, said: `${day(r[0])} · ${r[1]}% (${words.traced})` }));
  if (past.length && kept.length) past.push(kept[0]);
  const ink = (e) => (e.signal ? look.line : e.activity ? look.point : look.change);
  const point = (e) => ({
    value: [e.at, data.lanes[e.lane]], said: said(e, data.lanes, day),
    symbol: e.signal ? "triangle" : e.activity ? "circle" : "diamond",
    itemStyle: { color: e.from === "out" ? look.paper : ink(e), borderColor: ink(e), borderWidth: 1.5 },
  });
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: look.text },
    title: { text: words.risk, subtext: data.traced.length ? words.traced : "", itemGap: 4, subtextStyle: { color: look.text }, left: 0, top: 4, textStyle: { fontSize: 13, fontWeight: 600, color: look.text } },
    grid: [
      { left, right, top, height: CURVE },
      { left, right, top: lanesTop, height: LANE * data.lanes.length },
    ],
    xAxis: [xAxis(0, false), xAxis(1, true)],
    yAxis: [
      { gridIndex: 0, min: 0, max: (v) => Math.min(100, Math.max(40, Math.ceil(v.max / 20) * 20)), interval: 20, axisLabel: { formatter: "{value}%", color: look.text }, splitLine: { lineStyle: { color: look.grid } } },
      { gridIndex: 1, type: "category", inverse: true, data: data.lanes, axisLabel: { color: look.text, width: left - 12, overflow: "truncate" }, axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: true, lineStyle: { color: look.grid, opacity: 0.5 } } },
    ],
    tooltip: { trigger: "item", renderMode: "richText", confine: true, backgroundColor: look.paper, borderColor: look.grid, textStyle: { color: look.text }, formatter: (p) => p.data.said ?? `${day(p.value[0])} · ${p.value[1]}%` },
    series: [
      {
        type: "line", xAxisIndex: 0, yAxisIndex: 0, data: past, showSymbol: past.length === 1, symbolSize: 6,
        lineStyle: { color: look.line, width: 2, type: "dashed" }, itemStyle: { color: look.line },
      },
      {
        type: "line", xAxisIndex: 0, yAxisIndex: 0, data: kept, showSymbol: kept.length < 3, symbolSize: 6,
        lineStyle: { color: look.line, width: 2 }, itemStyle: { color: look.line },
        endLabel: { show: data.risk.length > 0, formatter: (p) => `${p.value[1]}%`, color: look.text, fontWeight: 700 },
      },
      { type: "scatter", xAxisIndex: 1, yAxisIndex: 1, symbolSize: 10, data: data.events.map(point) },
    ],
  };
}

async function draw(box) {
  let data;
  try {
    const answer = await fetch(box.dataset.chart);
    if (!answer.ok) throw new Error(String(answer.status));
    data = await answer.json();
  } catch {
    box.firstElementChild.textContent = box.dataset.trouble;
    return;
  }
  if (!box.isConnected) return;
  box.replaceChildren();
  box.style.height = `${above(data) + CURVE + 18 + LANE * data.lanes.length + 34}px`;
  const locale = document.documentElement.lang === "ja" ? "JA" : "EN";
  const chart = echarts.init(box, null, { locale });
  const show = () => chart.setOption(option(data, looks(), { risk: box.dataset.risk, traced: box.dataset.traced }, box.clientWidth < 600), true);
  show();
  box.dataset.drawn = "yes";
  const sizes = new ResizeObserver(() => { if (box.isConnected) { chart.resize(); show(); } else { sizes.disconnect(); chart.dispose(); } });
  sizes.observe(box);
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

function start() {
  for (const box of document.querySelectorAll("[data-chart]")) {
    if (box.dataset.begun) continue;
    box.dataset.begun = "yes";
    draw(box);
  }
}

document.addEventListener("DOMContentLoaded", start);
document.addEventListener("htmx:load", start);
