// KnownPopulation: two images with probabilities 1/4 and 3/4, and what the formula makes of them. The denoiser is
// exact, so the bits are: 2 and 0.415, spread over four values.
import Surprisal

let images = ImageBatch(
  shape: ImageShape(height: 2, width: 2, channels: 1), pixels: [0, 0, 0, 0, 255, 255, 255, 255])
let population = FinitePopulation(
  images: [[-1, -1, -1, -1], [1, 1, 1, 1]], probabilities: [0.25, 0.75])

// Below a grey level the decoder costs next to nothing.
let range = NoiseLevelRange(lower: 0.0005)
let formula = LogProbability(
  range: range, quadrature: .gaussLegendre(64, over: range), replicates: 64, noise: CommonNoise(seed: 1),
  moments: PopulationMoments(images: images))
for estimate in try formula.estimate(images, under: population) {
  print("\(4 * estimate.bitsPerDim) bits +- \(4 * (estimate.standardError ?? 0))")
}
