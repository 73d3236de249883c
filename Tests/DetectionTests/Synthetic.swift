import Diffusion
import Foundation
import Images
import Tensors

@testable import Detection

/// Estimates of images of a made-up population.
enum Synthetic {
  static let grid = ErrorBreakdown.Grid(ImageShape(height: 16, width: 16, channels: 1))
  /// What they look like.
  static let form = EstimateForm(sigmas: (0..<8).map { 0.01 * pow(2, Double($0)) }, shape: grid.shape)

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
}
