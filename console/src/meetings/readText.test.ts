import { expect, it } from 'vitest';
import { readText } from './readText';

const utf16 = (text: string, isLittleEndian: boolean) => {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  [...text].forEach((letter, index) => view.setUint16(index * 2, letter.charCodeAt(0), isLittleEndian));
  return new Blob([view.buffer]);
};

it('reads UTF-8 and UTF-16, with a mark and without', async () => {
  for (const text of ['WEBVTT', 'WEBVTT\n\nÄrger']) {
    expect(await readText(new Blob([text]))).toBe(text);
    expect(await readText(new Blob(['\uFEFF', text]))).toBe(text);
    for (const isLittleEndian of [true, false]) {
      expect(await readText(utf16(text, isLittleEndian))).toBe(text);
      expect(await readText(utf16(`\uFEFF${text}`, isLittleEndian))).toBe(text);
    }
  }
});

it('refuses what would lose letters', async () => {
  await expect(readText(new Blob([new Uint8Array([0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72])]))).rejects.toThrow('Save it in UTF-8');
});
