import { defineConfig } from 'vite';

export default defineConfig({
  esbuild: { jsx: 'automatic' },
  build: { outDir: '../dist', emptyOutDir: true, chunkSizeWarningLimit: 2000, reportCompressedSize: false },
});
