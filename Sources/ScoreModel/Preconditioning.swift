import Foundation
import Images

/// How the raw network F becomes a denoiser: EDM preconditioning (Karras et al. 2022, table 1), then the
/// posterior mean over the 8-bit grid.
///
///     m(z, sigma) = mu + c_skip (z - mu) + c_out F(c_in (z - mu), sigma)
///     yhat(z, sigma) = sum_v x_v exp(-(m - x_v)^2 / 2 sigma^2) / sum_v exp(-(m - x_v)^2 / 2 sigma^2)
///
/// with x_v = v/127.5 - 1 over all integers v. Pixels are 8-bit, so near sigma = one grey level the true E[y|t,z]
/// moves in steps that a smooth network cannot follow. The second line is exact where the network knows nothing
/// beyond z (then m = z, and it is the posterior under a flat prior on the grid), exact where the network knows
/// the value (m = x_v), and the identity within 1.1e-4 of a grey level once sigma exceeds 0.75 grey levels.
package struct Preconditioning: Codable, Sendable, Hashable {
  /// Mean of all values of the training images, mu.
  package let mean: Float
  /// Standard deviation of all values of the training images, sigma_data.
  package let deviation: Float

  /// Distance of neighbouring grey levels on the scale -1...1.
  package static let greyLevel: Float = 2 / 255
  /// The grid is invisible from this noise level on.
  package static let gridVisibleBelow = 0.75 * greyLevel

  package init(mean: Float, deviation: Float) {
    self.mean = mean
    // Images of one colour still need a scale: one grey level.
    self.deviation = max(deviation, Self.greyLevel)
  }

  /// Mean and deviation of 8-bit images' values, scaled to -1...1.
  package init(images: ImageBatch) {
    var counts = [Int](repeating: 0, count: 256)
    for value in images.pixels { counts[Int(value)] += 1 }
    let total = Double(max(images.pixels.count, 1))
    var mean = 0.0
    var square = 0.0
    for (value, count) in counts.enumerated() {
      let x = Double(value) / 127.5 - 1
      mean += x * Double(count) / total
      square += x * x * Double(count) / total
    }
    self.init(mean: Float(mean), deviation: Float(max(square - mean * mean, 0).squareRoot()))
  }

  /// Why numbers read from a file cannot be those of images on the scale -1...1, or nil when they can.
  var refusal: String? {
    guard (-1...1).contains(mean) else { return "mean \(mean): must be from -1 to 1" }
    // No set of values in -1...1 spreads by more than 1, but for rounding.
    return (Self.greyLevel * 0.99...1.01).contains(deviation)
      ? nil : "deviation \(deviation): must be from one grey level to 1"
  }

  /// c_skip, c_out and c_in at one noise level (c_noise, ln sigma, is `Network.levelFeatures`').
  func coefficients(_ sigma: Float) -> (skip: Float, out: Float, input: Float) {
    let total = sigma * sigma + deviation * deviation
    return (deviation * deviation / total, sigma * deviation / total.squareRoot(), 1 / total.squareRoot())
  }

  /// Writes the network's input for noisy images: for each pixel c_in (z - mu) of every colour, then how many
  /// quarter sigmas z lies above black and below white, cut at -1 and 1, which lets the network see saturated
  /// regions through any noise.
  ///
  /// - Parameters:
  ///   - noisy: z, `[pixels, channels]`.
  ///   - target: `[pixels, 3 * channels]`, or more values a pixel, of which the others stay.
  ///   - stride: values a pixel of the target; nil for these alone.
  func encode(
    _ noisy: UnsafePointer<Float>, pixels: Int, channels: Int, sigma: Float,
    into target: UnsafeMutablePointer<Float>, stride: Int? = nil
  ) {
    let stride = stride ?? 3 * channels
    let scale = coefficients(sigma).input
    let unit = 1 / (4 * sigma)
    for pixel in 0..<pixels {
      let from = noisy + pixel * channels
      let to = target + pixel * stride
      for channel in 0..<channels {
        let z = from[channel]
        to[channel] = (z - mean) * scale
        to[channels + channel] = min(max((z + 1) * unit, -1), 1)
        to[2 * channels + channel] = min(max((1 - z) * unit, -1), 1)
      }
    }
  }

  /// The denoised value and its derivative with respect to F.
  func decode(_ f: Float, noisy z: Float, sigma: Float) -> (value: Float, slope: Float) {
    let c = coefficients(sigma)
    let m = mean + c.skip * (z - mean) + c.out * f
    let grid = Self.gridPosterior(m, sigma: sigma)
    return (grid.mean, grid.slope * c.out)
  }

  /// Denoised values for a run of network outputs.
  func decode(
    _ f: UnsafePointer<Float>, noisy z: UnsafePointer<Float>, count: Int, sigma: Float,
    into target: UnsafeMutablePointer<Float>
  ) {
    let c = coefficients(sigma)
    let offset = mean * (1 - c.skip)
    for i in 0..<count { target[i] = offset + c.skip * z[i] + c.out * f[i] }
    guard sigma < Self.gridVisibleBelow else { return }
    for i in 0..<count { target[i] = Self.gridPosterior(target[i], sigma: sigma).mean }
  }

  /// Mean over the 8-bit grid under weights exp(-(m - x_v)^2 / 2 sigma^2), and its derivative, the variance over
  /// sigma^2.
  package static func gridPosterior(_ m: Float, sigma: Float) -> (mean: Float, slope: Float) {
    guard sigma < gridVisibleBelow else { return (m, 1) }
    let position = (m + 1) / greyLevel
    let nearest = position.rounded()
    let rest = position - nearest
    let ratio = greyLevel / sigma
    let sharpness = -0.5 * ratio * ratio
    var total: Float = 0
    var first: Float = 0
    var second: Float = 0
    for k in -4...4 {
      let step = Float(k)
      let weight = exp(sharpness * ((rest - step) * (rest - step) - rest * rest))
      total += weight
      first += weight * step
      second += weight * step * step
    }
    let offset = first / total
    return ((nearest + offset) * greyLevel - 1, (second / total - offset * offset) * ratio * ratio)
  }
}

extension Preconditioning {
  private enum CodingKeys: String, CodingKey { case mean, deviation }

  /// - Throws: `DecodingError`, where numbers are out of range among others.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    mean = try values.decode(Float.self, forKey: .mean)
    deviation = try values.decode(Float.self, forKey: .deviation)
    try decoder.refuse(refusal)
  }
}
