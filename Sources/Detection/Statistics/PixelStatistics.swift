import Diffusion
import Foundation
import Images

extension StatisticName {
  /// What the pixels' main directions do not explain.
  public static let residual = StatisticName(declaring: "residual")
  /// How far the nearest images of the population are, in their pixels.
  public static let nearest = StatisticName(declaring: "nearest")
}

/// A statistic of pixels alone.
package protocol PixelStatistic: Statistic {
  var components: PrincipalComponents { get }
}

extension PixelStatistic {
  package static var kinds: Set<StatisticKind> { [.errors, .appearance] }
  package static var observations: [Observation] { [.look] }

  fileprivate static func pixels(_ estimate: SurprisalEstimate) -> [Float] {
    estimate.appearance.map { PixelFeatures.values($0.image) } ?? []
  }

  fileprivate static func table(
    _ estimates: GroupedEstimates
  ) throws(CalibrationError) -> FeatureTable {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    return FeatureTable(estimates.map(pixels))
  }

  package func refusal(for form: EstimateForm) -> String? {
    let (found, wanted) = (components.mean.count, PixelFeatures.count(form.shape))
    guard found == wanted else { return "\(Self.name.rawValue) is of \(found) pixels, not \(wanted)" }
    return components.isRegular ? nil : "\(Self.name.rawValue) has a variance that is not above zero"
  }
}

/// Logarithm of the mean square of what 64 principal components of the pixels leave: what is drawn otherwise than the population's
/// images are.
package struct ResidualStatistic: PixelStatistic {
  package static let name = StatisticName.residual
  /// Directions that explain the population.
  private static let count = 64

  package let components: PrincipalComponents

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    components = PrincipalComponents(fitting: try Self.table(estimates), count: Self.count)
  }

  private init(_ components: PrincipalComponents) { self.components = components }

  package func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Self {
    Self(PrincipalComponents(fitting: try Self.table(estimates), count: Self.count, near: components))
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    guard estimate.appearance != nil else { return .nan }
    return components.residual(Self.pixels(estimate)[...])
  }

  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    "drawn otherwise than the population's images are"
  }

  package var tensors: [String: [Double]] { components.tensors }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    components = try PrincipalComponents(columns: try tensor("mean", nil).count, tensor: tensor)
  }
}

/// Logarithm of the mean distance to the five nearest of the population's images, along 40 principal components of the pixels.
package struct NearestStatistic: PixelStatistic {
  package static let name = StatisticName.nearest
  private static let count = 40
  private static let neighbours = 5
  /// Images that are kept to compare with.
  private static let most = 4096

  package let components: PrincipalComponents
  /// Along the components, `[images, components]`.
  private let bank: [Float]

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    try self.init(fitting: estimates, near: nil)
  }

  package func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Self {
    try Self(fitting: estimates, near: components)
  }

  /// - Parameter start: components of nearly the same images.
  private init(
    fitting estimates: GroupedEstimates, near start: PrincipalComponents?
  ) throws(CalibrationError) {
    let table = try Self.table(estimates)
    components = PrincipalComponents(fitting: table, count: Self.count, near: start)
    // Evenly over all where there are more.
    let step = max(1, Double(table.rows) / Double(Self.most))
    var bank: [Float] = []
    var place = 0.0
    while Int(place) < table.rows {
      bank += components.coordinates(table[Int(place)])
      place += step
    }
    self.bank = bank
  }

  /// Of the images that it keeps, along the components, an image a row.
  var coordinates: [[Double]] {
    let width = components.variances.count
    return stride(from: 0, to: bank.count, by: max(width, 1)).map { start in
      bank[start..<start + width].map(Double.init)
    }
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    guard estimate.appearance != nil else { return .nan }
    let own = components.coordinates(Self.pixels(estimate)[...])
    guard !own.isEmpty else { return .nan }
    var nearest = [Float](repeating: .infinity, count: Self.neighbours)
    bank.withUnsafeBufferPointer { bank in
      own.withUnsafeBufferPointer { own in
        for start in stride(from: 0, to: bank.count, by: own.count) {
          var square: Float = 0
          for k in 0..<own.count {
            let difference = bank[start + k] - own[k]
            square += difference * difference
          }
          guard square < nearest[Self.neighbours - 1] else { continue }
          var place = Self.neighbours - 1
          while place > 0, nearest[place - 1] > square {
            nearest[place] = nearest[place - 1]
            place -= 1
          }
          nearest[place] = square
        }
      }
    }
    let known = nearest.filter(\.isFinite)
    guard !known.isEmpty else { return .nan }
    return log(known.reduce(0) { $0 + Double($1.squareRoot()) } / Double(known.count) + 1e-6)
  }

  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    "far from every image of the population"
  }

  package var tensors: [String: [Double]] {
    components.tensors.merging(["bank": bank.map(Double.init)]) { $1 }
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    components = try PrincipalComponents(columns: try tensor("mean", nil).count, tensor: tensor)
    bank = try tensor("bank", nil).map { Float($0) }
  }

  package func refusal(for form: EstimateForm) -> String? {
    let (found, wanted) = (components.mean.count, PixelFeatures.count(form.shape))
    guard found == wanted else { return "\(Self.name.rawValue) is of \(found) pixels, not \(wanted)" }
    guard components.isRegular, !bank.isEmpty, bank.count.isMultiple(of: max(components.variances.count, 1))
    else { return "\(Self.name.rawValue) has images that are none" }
    return nil
  }
}
