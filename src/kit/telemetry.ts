/**
 * ONNX Runtime reports to its makers how it is used, and keeps a number for this machine in the home folder, unless it is
 * told not to before it is loaded. Kandid sends nothing elsewhere, so every module that loads it imports this one first.
 */
export function withoutTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
