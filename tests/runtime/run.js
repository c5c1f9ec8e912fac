// Runs ONNX files: node run.js FOLDER_OF_NODE_MODULES < jobs.json, a list of
// {"model": path, "inputs": [{"name", "type", "shape", "values"}, ...]}; prints their outputs.
'use strict';
const path = require('path');
const ort = require(path.join(process.argv[2], 'node_modules', 'onnxruntime-node'));
const jobs = JSON.parse(require('fs').readFileSync(0, 'utf8'));

const kinds = {
  int64: (values) => BigInt64Array.from(values.map(BigInt)),
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
};

async function run(job, options) {
  const session = await ort.InferenceSession.create(job.model, options);
  const outputs = [];
  for (const input of job.inputs) {
    const tensor = new ort.Tensor(input.type, kinds[input.type](input.values), input.shape);
    const { output } = await session.run({ [input.name]: tensor });
    outputs.push({ shape: output.dims, values: Array.from(output.data) });
  }
  return outputs;
}

(async () => {
  const results = [];
  for (const job of jobs) {
    // as written: fusions may exchange the norm for another algorithm
    results.push(await run(job, { graphOptimizationLevel: 'disabled', intraOpNumThreads: 1 }));
  }
  process.stdout.write(JSON.stringify(results));
})().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
