let audio: AudioContext | null = null

/** Two short soft tones, made here: no file to load. Silent until somebody has clicked on the page. */
export function playTone(): void {
  audio ??= new AudioContext()
  if (audio.state !== 'running') return void audio.resume()
  for (const [delay, frequency] of [
    [0, 660],
    [0.12, 880],
  ] as const) {
    const start = audio.currentTime + delay
    const [oscillator, gain] = [audio.createOscillator(), audio.createGain()]
    oscillator.frequency.value = frequency
    gain.gain.setValueAtTime(0.0001, start)
    gain.gain.exponentialRampToValueAtTime(0.08, start + 0.02)
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.18)
    oscillator.connect(gain).connect(audio.destination)
    oscillator.start(start)
    oscillator.stop(start + 0.2)
  }
}
