import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: '/assets/',
  plugins: [svelte()],
  build: {
    outDir: '../src/saqta/web/assets',
    emptyOutDir: true,
    // The pages run under a policy that allows no data: fonts, styles or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MapLibre alone is 1.1 MB before compression; it is cached for good under its hash.
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: ['console.html', 'fraud.html', 'sign-in.html'],
      output: {
        // A name that every server knows the media type of.
        assetFileNames: ({ names }) => (names[0]?.endsWith('.mjs') ? '[name]-[hash].js' : '[name]-[hash][extname]'),
        chunkFileNames: '[name]-[hash].js',
        entryFileNames: '[name]-[hash].js',
      },
    },
  },
  test: { include: ['src/**/*.test.ts'] },
});
