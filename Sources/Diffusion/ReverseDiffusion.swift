import Foundation
import ScoreModel
import Tensors

/// Sampling by reverse diffusion: the family of MATH between and beyond the ODE and the SDE.
///
///     z(t-dt) = z + (1+s^2)/2 ((yhat - z)/t) dt + s sqrt(dt) eps
///
/// Every s >= 0 has the same marginals; s = 0 is the probability-flow ODE, s = 1 the reverse SDE.
public struct ReverseDiffusion: Sendable {
  /// Noise standard deviations, descending; the last step goes to the denoised image itself.
  public let sigmas: [Double]
  /// s of the family.
  public let stochasticity: Double
  public let seed: UInt64

  /// A grid of `steps` levels, `sigma^(1/7)` evenly spaced (Karras et al. 2022, equation 5).
  ///
  /// - Parameters:
  ///   - steps: at least 2.
  ///   - stochasticity: s, at least 0.
  public init(steps: Int, range: NoiseLevelRange, stochasticity: Double, seed: UInt64) {
    let (high, low) = (pow(range.upper, 1 / 7), pow(range.lower, 1 / 7))
    let last = Double(max(steps - 1, 1))
    sigmas = (0..<max(steps, 2)).map { pow(high + Double($0) / last * (low - high), 7) }
    self.stochasticity = stochasticity
    self.seed = seed
  }

  /// Draws images.
  ///
  /// With s = 0, Heun's second-order steps in sigma (Karras et al. 2022, algorithm 1). With s > 0, Euler-Maruyama
  /// with the part linear in z solved exactly: for yhat held over a step from t to t', a = (1+s^2)/2 and
  /// r = t'/t,
  ///
  ///     z' = yhat + (z - yhat) r^a + s sqrt(t' (1 - r^(2a-1)) / (2a-1)) eps,   2a-1 = s^2,
  ///
  /// which is the plain step to first order in dt, and stable for every s and step size.
  ///
  /// - Parameters:
  ///   - indices: N of them.
  ///   - start: mean of the first, noisiest image, `[d]`; the population's.
  ///   - watch: told of each level of `sigmas`, by its place, and of the noisy images there, `[N, d]`.
  ///   - progress: told how many of all steps are done.
  /// - Returns: `[N, d]` on the scale -1...1; each image is a function of the seed and its index alone.
  public func sample(
    _ indices: Range<Int>, from denoiser: some Denoiser, start: [Float],
    watch: (Int, [Float]) -> Void = { _, _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> [Float] {
    let d = denoiser.valuesPerImage
    let count = indices.count
    var streams = indices.map { RandomSource(seed: seed, stream: 0x5341_4D50 &+ UInt64($0) << 32) }
    var z = [Float]()
    for index in streams.indices {
      z += zip(streams[index].normal(d), start).map { Float(sigmas[0]) * $0 + $1 }
    }
    for (step, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
      watch(step, z)
      let clean = try denoiser.denoise(z, sigma: Float(sigma))
      if stochasticity == 0 {
        z = try heun(z, clean, from: sigma, to: next, denoiser)
      } else {
        let ratio = (next * next) / (sigma * sigma)
        let keep = Float(pow(ratio, (1 + stochasticity * stochasticity) / 2))
        let spread = Float(next * (1 - pow(ratio, stochasticity * stochasticity)).squareRoot())
        for index in 0..<count {
          let draw = streams[index].normal(d)
          for i in 0..<d {
            let at = index * d + i
            z[at] = clean[at] + (z[at] - clean[at]) * keep + spread * draw[i]
          }
        }
      }
      progress(step + 1, sigmas.count)
    }
    watch(sigmas.count - 1, z)
    let images = try denoiser.denoise(z, sigma: Float(sigmas[sigmas.count - 1]))
    progress(sigmas.count, sigmas.count)
    return images
  }

  /// One second-order step of dz/dsigma = (z - yhat) / sigma.
  private func heun(
    _ z: [Float], _ clean: [Float], from sigma: Double, to next: Double, _ denoiser: some Denoiser
  ) throws -> [Float] {
    let step = Float(next - sigma)
    var trial = z
    for i in z.indices { trial[i] += step * (z[i] - clean[i]) / Float(sigma) }
    let ahead = try denoiser.denoise(trial, sigma: Float(next))
    var result = z
    for i in z.indices {
      let slopes = (z[i] - clean[i]) / Float(sigma) + (trial[i] - ahead[i]) / Float(next)
      result[i] += step / 2 * slopes
    }
    return result
  }
}
