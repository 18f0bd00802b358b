// The plots about the risk model: one message each, readable in grey.
"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function looks() {
  const dark = document.documentElement.dataset.bsTheme === "dark";
  const [text, grid, strong, soft] = dark ? ["#dbe3ee", "#3a4454", "#9dbdf0", "#98a2b3"] : ["#2b3440", "#dfe4ea", "#264b82", "#98a2b3"];
  return { text, grid, strong, soft, paper: dark ? "#1b2230" : "#ffffff", alarm: colour("--act-now") };
}

function common(look) {
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: look.text },
    grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: look.paper, borderColor: look.grid, textStyle: { color: look.text } },
  };
}

const values = (look, more = {}) => ({ type: "value", axisLabel: { color: look.text }, splitLine: { lineStyle: { color: look.grid } }, ...more });
const names = (look, data, more = {}) => ({ type: "category", data, axisLabel: { color: look.text, hideOverlap: true }, axisLine: { lineStyle: { color: look.grid } }, axisTick: { show: false }, ...more });
const legend = (look, shown) => ({ show: shown, type: "scroll", top: 0, left: 0, itemWidth: 28, itemHeight: 8, textStyle: { color: look.text }, pageTextStyle: { color: look.text } });
const DASHES = ["solid", "dashed", "dotted"];

function line(look, series, index) {
  return {
    type: "line", name: series.name, data: series.values, symbolSize: 5,
    lineStyle: { width: 2, type: DASHES[index % DASHES.length], color: look.strong }, itemStyle: { color: look.strong },
  };
}

function calibration(data, look, box) {
  const most = Math.min(100, Math.ceil(Math.max(...data.points.flatMap((p) => [p[0], p[3] ?? p[1] ?? 0])) / 10) * 10);
  const axis = { min: 0, max: most, axisLabel: { formatter: "{value}%", color: look.text } };
  return {
    tooltip: { ...common(look).tooltip, trigger: "item", formatter: (p) => p.data.said },
    xAxis: values(look, { ...axis, name: box.dataset.x, nameLocation: "middle", nameGap: 24, nameTextStyle: { color: look.text } }), yAxis: values(look, axis),
    grid: { left: 8, right: 16, top: 12, bottom: 24, containLabel: true },
    series: [
      { type: "line", silent: true, symbol: "none", data: [[0, 0], [most, most]], lineStyle: { type: "dashed", color: look.soft } },
      ...data.points.filter((p) => p[2] !== null).map((p) => ({ type: "line", silent: true, symbol: "none", data: [[p[0], p[2]], [p[0], p[3]]], lineStyle: { color: look.soft, width: 1 } })),
      { type: "scatter", symbolSize: 9, itemStyle: { color: look.strong }, data: data.points.map((p) => ({ value: [p[0], p[1]], said: `${p[0]}% → ${p[1]}% (n=${p[4]})` })) },
    ],
  };
}

function warning(data, look) {
  const bar = (s, index) => ({
    type: "bar", name: s.name, data: s.values, itemStyle: { color: index ? look.soft : look.strong },
    label: { show: true, position: "top", formatter: (p) => `${p.value}%`, color: look.text },
  });
  return { legend: legend(look, true), xAxis: names(look, data.days), yAxis: values(look, { max: 100, axisLabel: { formatter: "{value}%", color: look.text } }), series: data.series.map(bar) };
}

function importance(data, look) {
  return {
    grid: { left: 8, right: 48, top: 8, bottom: 8, containLabel: true },
    xAxis: values(look, { show: false }), yAxis: names(look, data.names, { inverse: true, axisLabel: { color: look.text, interval: 0 } }),
    series: [{ type: "bar", data: data.values, itemStyle: { color: look.strong }, barMaxWidth: 16, label: { show: true, position: "right", formatter: (p) => `${p.value}%`, color: look.text } }],
  };
}

function features(data, look, box) {
  const limit = { name: box.dataset.limit, type: "line", symbol: "none", data: data.weeks.map(() => data.limit), lineStyle: { color: look.alarm, width: 1, type: "dashed" }, itemStyle: { color: look.alarm } };
  return { legend: legend(look, true), xAxis: names(look, data.weeks.map(short)), yAxis: values(look, { min: 0 }), series: [...data.series.map((s, i) => line(look, s, i)), limit] };
}

function outcome(data, look) {
  return { legend: legend(look, true), xAxis: names(look, data.weeks.map(short)), yAxis: values(look, { min: 0 }), series: data.series.map((s, i) => line(look, s, i)) };
}

function volume(data, look) {
  return { grid: { left: 8, right: 16, top: 12, bottom: 8, containLabel: true }, xAxis: names(look, data.weeks.map(short)), yAxis: values(look, { min: 0 }), series: [{ type: "bar", data: data.values, itemStyle: { color: look.strong } }] };
}

const PLOTS = { calibration, warning, importance, features, outcome, volume };

function short(day) {
  const [, month, date] = day.split("-").map(Number);
  return `${month}/${date}`;
}

function empty(box, words) {
  box.classList.add("empty");
  box.textContent = words;
}

function draw(box, data) {
  if (!data) return empty(box, box.dataset.nothing);
  const chart = echarts.init(box);
  const show = () => { const look = looks(); chart.setOption({ ...common(look), ...PLOTS[box.dataset.plot](data, look, box) }, true); };
  show();
  box.dataset.drawn = "yes";
  new ResizeObserver(() => chart.resize()).observe(box);
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

async function start() {
  const plots = document.querySelector("[data-plots]");
  if (!plots) return;
  const boxes = plots.querySelectorAll("[data-plot]");
  try {
    const answer = await fetch(plots.dataset.plots);
    if (!answer.ok) throw new Error(String(answer.status));
    const data = await answer.json();
    for (const box of boxes) draw(box, data[box.dataset.plot]);
  } catch {
    for (const box of boxes) if (!box.dataset.drawn) empty(box, plots.dataset.trouble);
  }
}

document.addEventListener("DOMContentLoaded", start);
