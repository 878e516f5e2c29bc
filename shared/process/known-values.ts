/**
 * Hashes (`hashOf`) of the secrets that stand in this repository: in the demo, the simulator, tests, benchmarks and documents, now or
 * before. `test/lint/known-values.test.ts` finds those that are missing. Never remove one: a value that was public stays public.
 */
export const KNOWN_VALUES: ReadonlySet<string> = new Set(
  `
  007174318539bc26 0367335e9971775f 0648e56582e3228a 12630d540545a615 1c14d0923b0be255 23e44ceb6715693a 27f473349a970e9a
  2fcd23fb19c16db5 32d985341f10d6a3 35cc3158e0450011 3f41e313a8331fd9 3ffe44a1ba219964 42e776e4c26b2b58 4cce02651adfe686
  4e8e01b5026daec9 67213a7a336b3ee3 81c8c42bf7d7b77c 840141dc51d05763 84983c60f7daadc1 909d48daea38b1c4 9b29e14d75564370
  a45469c5b536c453 a6f856f5912af0a6 ad4b6a396f99d4e7 ad89b64d66caa8e3 af217c97244ab89a c18d9c250c4ea8d6 c386d8e8d07342f2
  c46336ed56a0fa8d cac12bc493211e83 d83907f29f805947 de383569ff4ecdaa ef96b4b0b359c563 f58679112157fe5b f73ca8f632d1f2c9
  feeac9d656ad9ffe
  7fb045e65d7d4996 c4bbcb1fbec99d65 b63691d0a3c87891 d88dd1c76c7dc2ac 76bc2f1d55f10a47 b5ccbfc82de37871
  d119915e8358c89b d1384316388fadfa 93bb886d79d22bb9 18a4948c63293b0c cf035a0666b5f546
  c6ea097070c69127 d65d6ee293d0fe7d 7fb045e65d7d4996 c4bbcb1fbec99d65 b63691d0a3c87891 d88dd1c76c7dc2ac 76bc2f1d55f10a47 b5ccbfc82de37871
  b46d5035035642cc a26c139aa0f9fbee 6e04cf46f39b3729 24c0380e6f30fd5f 6dab6afec46cf7a1 e4f27b34c784b802 fc0788aa6a737ebd
  `.match(/\w+/g),
)
