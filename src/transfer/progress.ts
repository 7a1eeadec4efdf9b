/** Where a transfer stands. */
export type TransferState = {
  bytes: number;
  totalBytes: number;
  files: number;
  totalFiles: number;
};

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes as people read them: `0 B`, `1.2 kB`, `30.0 MB`. Pure. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.95 && unit < UNITS.length - 1; unit++) value /= 1000;
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** One line for the bar: `1.2 MB of 30.0 MB, 12 of 51 files`. Pure. */
export function formatTransfer(state: TransferState): string {
  const { bytes, totalBytes, files, totalFiles } = state;
  return `${formatBytes(bytes)} of ${formatBytes(totalBytes)}, ${files} of ${totalFiles} ` +
    `file${totalFiles === 1 ? "" : "s"}`;
}
