import Foundation
import ScoreModel
import Testing

@testable import Diffusion

/// Two spherical Gaussians in d dimensions; E[y|t,z] is closed form.
struct Mixture: Denoiser {
  let means: [[Float]] = [[-0.6, -0.2], [0.5, 0.4]]
  let deviations: [Double] = [0.1, 0.2]
  let weights = [0.3, 0.7]
  var valuesPerImage: Int { 2 }

  func denoise(_ noisy: [Float], sigma: Float) -> [Float] {
    let t = Double(sigma) * Double(sigma)
    var clean = noisy
    for start in stride(from: 0, to: noisy.count, by: 2) {
      let logs = (0..<2).map { k in
        let total = deviations[k] * deviations[k] + t
        let distance = (0..<2).reduce(0.0) { $0 + pow(Double(noisy[start + $1] - means[k][$1]), 2) }
        return log(weights[k]) - log(total) - distance / (2 * total)
      }
      let first = 1 / (1 + exp(logs[1] - logs[0]))
      for i in 0..<2 {
        let parts = (0..<2).map { k -> Double in
          let shrink = deviations[k] * deviations[k] / (deviations[k] * deviations[k] + t)
          return Double(means[k][i]) + shrink * Double(noisy[start + i] - means[k][i])
        }
        clean[start + i] = Float(first * parts[0] + (1 - first) * parts[1])
      }
    }
    return clean
  }
}

struct ReverseDiffusionTests {
  @Test("Samples of a known mixture have its weights, means and variances", arguments: [0, 0.5, 1, 2])
  func mixture(noise: Double) throws {
    let mixture = Mixture()
    let count = 4000
    let sampler = ReverseDiffusion(
      steps: 200, range: NoiseLevelRange(lower: 0.002, upper: 80), stochasticity: noise, seed: 9)
    let samples = try sampler.sample(0..<count, from: mixture, start: [0.17, 0.22])
    // The components' centres are 1.25 apart, six deviations of the wider: the midline tells them apart.
    var members: [[[Double]]] = [[], []]
    for start in stride(from: 0, to: samples.count, by: 2) {
      let point = [Double(samples[start]), Double(samples[start + 1])]
      let nearest = (0..<2).min { a, b in
        func score(_ k: Int) -> Double {
          let distance = (0..<2).reduce(0.0) { $0 + pow(point[$1] - Double(mixture.means[k][$1]), 2) }
          return distance / (2 * pow(mixture.deviations[k], 2)) + 2 * log(mixture.deviations[k])
        }
        return score(a) < score(b)
      }
      members[nearest ?? 0].append(point)
    }
    for k in 0..<2 {
      let n = Double(members[k].count)
      // Four standard errors, and a step bias of 1/200 of the scale.
      let spread = (mixture.weights[k] * (1 - mixture.weights[k]) / Double(count)).squareRoot()
      #expect(abs(n / Double(count) - mixture.weights[k]) < 4 * spread + 0.005)
      for i in 0..<2 {
        let mean = members[k].reduce(0) { $0 + $1[i] } / n
        let variance = members[k].reduce(0) { $0 + pow($1[i] - mean, 2) } / (n - 1)
        let deviation = mixture.deviations[k]
        #expect(abs(mean - Double(mixture.means[k][i])) < 4 * deviation / n.squareRoot() + 0.005 * deviation)
        // A variance's relative standard error is sqrt(2/n); the steps' own error is first order, 1/steps of
        // 2a = 1 + s^2 times ln range, about 0.02 (1 + s^2).
        let tolerance = 4 * (2 / n).squareRoot() + 0.02 * (1 + noise * noise)
        #expect(abs(variance / (deviation * deviation) - 1) < tolerance, "s \(noise), \(k), \(variance)")
      }
      let covariance = members[k].reduce(0.0) {
        $0 + ($1[0] - Double(mixture.means[k][0])) * ($1[1] - Double(mixture.means[k][1]))
      }
      #expect(
        abs(covariance / n) < 5 * pow(mixture.deviations[k], 2) / n.squareRoot() + 0.01
          * pow(mixture.deviations[k], 2))
    }
  }

  @Test("The same seed draws the same samples, however many are asked")
  func repeatable() throws {
    let sampler = ReverseDiffusion(steps: 10, range: NoiseLevelRange(), stochasticity: 1, seed: 4)
    let five = try sampler.sample(0..<5, from: Mixture(), start: [0, 0])
    #expect(try sampler.sample(0..<2, from: Mixture(), start: [0, 0]) == Array(five[..<4]))
    #expect(try sampler.sample(3..<5, from: Mixture(), start: [0, 0]) == Array(five[6...]))
  }
}
