'use strict';
const night = JSON.parse(document.getElementById('night').textContent);
const style = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const narrow = () => window.innerWidth < 640;
const charts = new Map();

const axis = (name, rest) => Object.assign({
  name, nameLocation: 'middle', nameTextStyle: {color: style('ink')},
  axisLine: {lineStyle: {color: style('soft')}}, axisLabel: {color: style('soft'), hideOverlap: true},
  splitLine: {lineStyle: {color: style('line')}}
}, rest);
const plain = value => Number(value.toPrecision(6)).toString();

function pareto(model) {
  const {outputs, front} = night[model];
  const large = Math.max(...outputs.map(o => o.bytes)) >= 1e9;
  const unit = large ? 1e9 : 1e6, unitName = large ? 'GB' : 'MB';
  const point = o => ({value: [o.bytes / unit, Math.max(o.kld, 1e-9)], name: o.label});
  const onFront = new Set(front.map(o => o.label));
  const series = ['GGUF', 'AWQ', 'EXL2'].map(format => ({
    name: format, type: 'scatter', symbolSize: 9, itemStyle: {color: style(format)},
    data: outputs.filter(o => o.format === format).map(o => Object.assign(point(o), {
      label: {show: !narrow() || onFront.has(o.label)}})),
    label: {formatter: '{b}', position: 'right', color: style('ink'), fontSize: 11},
    labelLayout: {hideOverlap: true}
  })).filter(s => s.data.length);
  series.push({name: 'no other is smaller and closer', type: 'line', symbol: 'none', data: front.map(point), silent: true,
    lineStyle: {color: style('soft'), type: 'dashed', width: 1.2}, itemStyle: {color: style('soft')}, z: 1});
  return {
    animation: false,
    legend: {top: 0, left: 0, textStyle: {color: style('ink')}},
    grid: {left: narrow() ? 62 : 76, right: narrow() ? 24 : 70, top: narrow() ? 66 : 44, bottom: 52},
    xAxis: axis('size, ' + unitName, {type: 'value', scale: true, nameGap: 30}),
    yAxis: axis('mean KL divergence, nats', {type: 'log', nameGap: narrow() ? 46 : 58,
      axisLabel: {color: style('soft'), formatter: plain}}),
    tooltip: {confine: true, formatter: p => `${p.name}<br>${p.value[0].toFixed(3)} ${unitName}, mean KLD ${plain(p.value[1])}`},
    series
  };
}

function errors(model, target) {
  const {cells} = night[model].errors.find(e => e.target === target);
  const layers = [...new Set(cells.map(c => c[0]))].sort((a, b) => a - b);
  const kinds = [...new Set(cells.map(c => c[1]))].reverse();
  const logs = cells.filter(c => c[2] > 0).map(c => Math.log10(c[2]));
  const short = kind => kind.replace(/^(self_attn|mlp|block_sparse_moe)\./, '');
  return {
    animation: false,
    grid: {left: narrow() ? 96 : 130, right: 16, top: 10, bottom: 104},
    xAxis: axis('layer', {type: 'category', data: layers.map(l => l < 0 ? '–' : String(l)), nameGap: 28}),
    yAxis: axis('', {type: 'category', data: kinds.map(short),
      axisLabel: {color: style('soft'), interval: 0, fontSize: narrow() ? 10 : 12, width: narrow() ? 88 : 122, overflow: 'truncate'}}),
    visualMap: {min: logs.length ? Math.min(...logs) : -3, max: logs.length ? Math.max(...logs) : 0, dimension: 2,
      orient: 'horizontal', left: 'center', bottom: 0, calculable: false, itemHeight: narrow() ? 130 : 220,
      text: ['', ''], textStyle: {color: style('ink')}, show: true,
      formatter: v => plain(Math.pow(10, v)),
      inRange: {color: ['#2f6fd0', '#7fb3e6', '#f3e7b0', '#e58a4a', '#b3261e']}},
    title: {text: 'relative error (log): ' + (logs.length ? plain(Number(Math.pow(10, Math.min(...logs)).toPrecision(2))) + ' blue to '
      + plain(Number(Math.pow(10, Math.max(...logs)).toPrecision(2))) + ' red; grey: kept as it is' : 'all kept as they are'),
      bottom: 30, left: 'center', textStyle: {color: style('soft'), fontSize: 12, fontWeight: 'normal'}},
    tooltip: {confine: true, formatter: p => `${kinds[p.value[1]]}, layer ${layers[p.value[0]] < 0 ? '–' : layers[p.value[0]]}<br>`
      + `relative error ${plain(p.value[3])}`},
    series: [{type: 'heatmap', itemStyle: {borderColor: style('page'), borderWidth: 1},
      data: cells.map(([layer, kind, error]) => ({
        value: [layers.indexOf(layer), kinds.indexOf(kind), error > 0 ? Math.log10(error) : null, error],
        ...(error > 0 ? {} : {visualMap: false, itemStyle: {color: style('line')}})}))}]
  };
}

const chosen = model => document.querySelector(`.choices[data-model="${CSS.escape(model)}"] [aria-pressed=true]`).textContent;

function draw() {
  for (const element of document.querySelectorAll('.chart')) {
    const {chart, model} = element.dataset;
    if (chart === 'errors') {
      const kinds = new Set(night[model].errors.flatMap(e => e.cells.map(c => c[1]))).size;
      element.style.height = 130 + 26 * kinds + 'px';
    }
    if (!charts.has(element)) {
      charts.set(element, echarts.init(element, null, {renderer: 'svg'}));
    }
    charts.get(element).resize();
    charts.get(element).setOption(chart === 'pareto' ? pareto(model) : errors(model, chosen(model)), true);
  }
}

for (const choices of document.querySelectorAll('.choices')) {
  night[choices.dataset.model].errors.forEach(({target}, i) => {
    const button = document.createElement('button');
    button.textContent = target;
    button.setAttribute('aria-pressed', i === 0);
    button.onclick = () => {
      choices.querySelectorAll('button').forEach(other => other.setAttribute('aria-pressed', other === button));
      draw();
    };
    choices.append(button);
  });
}
draw();
window.addEventListener('resize', draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
