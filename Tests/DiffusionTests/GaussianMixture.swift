import Foundation
import ScoreModel
import Tensors

/// Equal Gaussians N(m_k, s_k I) with weights: density and denoiser in closed form at every noise level.
struct GaussianMixture: DifferentiableDenoiser {
  let means: [[Float]]
  let variances: [Double]
  let weights: [Double]

  var valuesPerImage: Int { means[0].count }

  /// Log density of each component's share at z, smoothed by noise of variance t.
  private func shares(_ z: ArraySlice<Float>, _ t: Double) -> [Double] {
    means.indices.map { k in
      let total = variances[k] + t
      var distance = 0.0
      for (value, mean) in zip(z, means[k]) { distance += Double(value - mean) * Double(value - mean) }
      return log(weights[k]) - distance / (2 * total) - Double(z.count) / 2 * log(2 * Double.pi * total)
    }
  }

  /// ln p_t(z).
  func logDensity(_ z: [Float], sigma: Double) -> Double {
    let all = shares(z[...], sigma * sigma)
    let most = all.max() ?? 0
    return most + log(all.reduce(0) { $0 + exp($1 - most) })
  }

  /// Mean and variance of each value over the population.
  var moments: (mean: [Float], variance: [Float]) {
    let mean = (0..<valuesPerImage).map { i in
      means.indices.reduce(Float(0)) { $0 + Float(weights[$1]) * means[$1][i] }
    }
    let variance = (0..<valuesPerImage).map { i in
      means.indices.reduce(Float(0)) {
        $0 + Float(weights[$1]) * (Float(variances[$1]) + (means[$1][i] - mean[i]) * (means[$1][i] - mean[i]))
      }
    }
    return (mean, variance)
  }

  func denoise(_ noisy: [Float], sigma: Float) -> [Float] {
    pullBack([Float](repeating: 0, count: noisy.count), at: noisy, sigma: sigma).denoised
  }

  /// J^T v, with yhat = sum w_k y_k and w_k the posterior weights, whose gradients are w_k (g_k - sum w g) for
  /// g_k = -(z - m_k) / (s_k + t).
  func pullBack(
    _ vectors: [Float], at noisy: [Float], sigma: Float
  ) -> (denoised: [Float], gradient: [Float]) {
    let d = valuesPerImage
    let t = Double(sigma) * Double(sigma)
    var denoised = [Float](repeating: 0, count: noisy.count)
    var gradient = denoised
    for start in stride(from: 0, to: noisy.count, by: d) {
      let z = noisy[start..<start + d]
      let all = shares(z, t)
      let most = all.max() ?? 0
      let total = all.reduce(0) { $0 + exp($1 - most) }
      let posterior = all.map { exp($0 - most) / total }
      var slope = [Double](repeating: 0, count: d)
      for k in means.indices {
        for i in 0..<d {
          slope[i] -= posterior[k] * Double(z[start + i] - means[k][i]) / (variances[k] + t)
        }
      }
      for k in means.indices {
        let a = variances[k] / (variances[k] + t)
        var along = 0.0
        for i in 0..<d {
          let y = Double(means[k][i]) + a * Double(z[start + i] - means[k][i])
          denoised[start + i] += Float(posterior[k] * y)
          along += y * Double(vectors[start + i])
        }
        for i in 0..<d {
          let g = -Double(z[start + i] - means[k][i]) / (variances[k] + t)
          gradient[start + i] += Float(
            posterior[k] * (a * Double(vectors[start + i]) + along * (g - slope[i])))
        }
      }
    }
    return (denoised, gradient)
  }
}
