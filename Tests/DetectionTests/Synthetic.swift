import Diffusion
import Foundation
import Images
import Tensors

@testable import Detection

/// Estimates of images of a made-up population, which nobody looked at unless said.
enum Synthetic {
  /// Statistics that there are of images that nobody looked at.
  static let names = StatisticName.ofErrors.filter {
    !Calibration.observations(for: $0).contains(.look) || $0 == .combined
  }

  static let grid = ErrorBreakdown.Grid(ImageShape(height: 16, width: 16, channels: 1))
  /// What they look like.
  static let form = EstimateForm(
    sigmas: (0..<8).map { 0.01 * pow(2, Double($0)) }, shape: grid.shape, activations: 12,
    eyes: EyeForm(activations: 8, alterations: [.none, .turnedHalf, .upsideDown]),
    damage: DamageForm(rows: 2, columns: 3, features: 6, middle: 4))

  /// An image whose log errors are `means` plus normal noise, split unevenly over cells and bands.
  ///
  /// - Parameters:
  ///   - defect: added to the log error of one cell at every level.
  ///   - spot: added to the log strength of the smallest dark spot.
  static func estimate(
    _ random: inout RandomSource, shift: Double = 0, defect: Double = 0, spot: Double = 0
  ) -> SurprisalEstimate {
    let noise = random.normal(11).map(Double.init)
    let integrand = (0..<8).map { exp(-Double($0) / 4 + 0.3 * noise[$0] + 0.2 * noise[8] + shift) }
    let bits = integrand.reduce(0, +)
    let parts = random.normal(8 * (grid.cells + ErrorBreakdown.bands))
    var cells: [Float] = []
    var bands: [Float] = []
    for level in 0..<8 {
      for cell in 0..<grid.cells {
        let log = 0.4 * parts[level * grid.cells + cell] + Float(cell == 5 ? defect : 0)
        cells.append(Float(integrand[level]) * exp(log))
      }
      for band in 0..<ErrorBreakdown.bands {
        bands.append(Float(integrand[level]) / 4 * exp(0.2 * parts[8 * grid.cells + 4 * level + band]))
      }
    }
    let strengths = random.normal(2 * Spot.sides(grid.shape).count)
    let spots = strengths.indices.map { index in
      Spot(
        side: Spot.sides(grid.shape)[index / 2], isDark: index % 2 == 0,
        strength: exp(1.5 + 0.2 * strengths[index] + Float(index == 0 ? spot : 0)), row: 1, column: 9)
    }
    return SurprisalEstimate(
      bitsPerDim: bits, integral: bits, integrand: integrand,
      errors: integrand, evaluations: 8,
      gaussianBitsPerDim: 6 + noise[9], breakdown: ErrorBreakdown(grid: grid, cells: cells, bands: bands),
      spots: spots, compressedBitsPerDim: 5 + noise[10])
  }

  /// The same of an image that was looked at: waves of random strength with noise, and activations that go with them.
  ///
  /// - Parameter stroke: added to a line of pixels, grey levels.
  static func seen(
    _ random: inout RandomSource, shift: Double = 0, stroke: Double = 0
  ) -> SurprisalEstimate {
    var estimate = estimate(&random, shift: shift)
    let strengths = random.normal(4)
    let noise = random.normal(256 + 12)
    var pixels: [UInt8] = []
    for y in 0..<16 {
      for x in 0..<16 {
        var value = 128 + 4 * noise[16 * y + x] + Float(x == 9 && y > 3 ? stroke : 0)
        for k in 0..<4 { value += 20 * strengths[k] * cos(Float((k + 1) * (k % 2 == 0 ? x : y)) / 5) }
        pixels.append(UInt8(max(0, min(255, value))))
      }
    }
    let activations = (0..<12).map { strengths[$0 % 4] + 0.5 * noise[256 + $0] }
    estimate.appearance = Appearance(
      image: Bitmap(width: 16, height: 16, channels: 1, pixels: pixels), activations: activations,
      eyes: EyeLook(
        activations: (0..<8).map { strengths[$0 % 4] + 0.3 * random.normal(1)[0] },
        logProbabilities: Self.logProbabilities(random.normal(2))),
      damage: form.damage.map { form in
        // From a stream of its own: other draws stay as they were.
        var own = RandomSource(seed: UInt64(noise[0].bitPattern), stream: UInt64(noise[1].bitPattern))
        return DamageLook(
          form: form, features: own.normal(form.count).enumerated().map { 0.5 * strengths[$0 % 4] + $1 })
      })
    return estimate
  }

  /// Of an image that is as it is, and in which other ways it may be.
  private static func logProbabilities(_ others: [Float]) -> [Float] {
    let odds = [0] + others.map { $0 - 3 }
    let total = log(odds.reduce(0) { $0 + exp($1) })
    return odds.map { $0 - total }
  }
}
