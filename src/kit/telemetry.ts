/**
 * ONNX Runtime sends usage data to its makers, and stores a machine id in the home folder, unless it is disabled before
 * it is loaded. Kandid sends no data anywhere, so every module that loads it imports this one first.
 */
export function withoutTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
