import Diffusion
import Foundation
import Images
import Tensors
import Testing

@testable import Detection

/// The statistic of what a network sees that marks damage, on features made up.
struct DamageStatisticTests {
  static let look = DamageForm(rows: 8, columns: 8, features: 12, middle: 6)
  static let form = EstimateForm(
    sigmas: [], shape: ImageShape(height: 64, width: 64, channels: 1), damage: look)

  /// Each place has features of its own, as images that are framed alike have.
  ///
  /// - Parameters:
  ///   - defect: added to some features of two places, in row 5, columns 1 and 2.
  ///   - shift: added to one of the middle's features everywhere.
  static func estimates(
    _ count: Int, seed: UInt64, defect: Float = 0, shift: Float = 0
  ) -> [SurprisalEstimate] {
    var places = RandomSource(seed: 99)
    let means = places.normal(look.count).map { 3 * $0 }
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in
      let (common, noise) = (random.normal(1)[0], random.normal(look.count))
      var features = noise.indices.map { means[$0] + noise[$0] + ($0 % 3 == 0 ? common : 0) }
      for place in [41, 42] { for c in 6..<10 { features[place * 12 + c] += defect } }
      for place in 0..<64 { features[place * 12 + 2] += shift }
      return SurprisalEstimate(
        appearance: Appearance(
          image: Bitmap(width: 8, height: 8, channels: 1, filledWith: 0), activations: random.normal(8),
          damage: DamageLook(form: look, features: features)))
    }
  }

  private static func auroc(_ own: [Double], _ odd: [Double]) -> Double {
    Separation(inliers: own, outliers: odd).auroc
  }

  @Test("A defect in one place and a change of the whole are told, and a defect's place is said")
  func oddness() throws {
    let statistic = try DamageStatistic(fitting: Self.estimates(90, seed: 1))
    let own = Self.estimates(80, seed: 2).map(statistic.score)
    let defects = Self.estimates(80, seed: 3, defect: 4)
    #expect(Self.auroc(own, defects.map(statistic.score)) > 0.95)
    #expect(Self.auroc(own, Self.estimates(80, seed: 4, shift: 2).map(statistic.score)) > 0.95)
    // Chance, by four of its standard errors.
    #expect(abs(Self.auroc(own, Self.estimates(80, seed: 5).map(statistic.score)) - 0.5) < 0.18)
    let words = try #require(statistic.words(defects[0], Self.form))
    #expect(words.hasPrefix("middle left (around") && words.contains("of 64x64) as if damaged"), "\(words)")
  }

  @Test("Cross-fitted scores are what fresh images score, and in units of their deviations")
  func crossFitting() throws {
    let fitted = Self.estimates(60, seed: 6)
    let (statistic, scores) = try DamageStatistic.crossFitted(fitted, by: CrossFit(rows: 60))
    let fresh = Self.estimates(120, seed: 7).map(statistic.score)
    #expect(abs(scores.reduce(0, +) / 60) < 1e-4)
    #expect(abs(Self.auroc(scores, fresh) - 0.5) < 0.2)
    // Its own images are flattered.
    #expect(Self.auroc(fresh, fitted.map(statistic.score)) < 0.2)
  }

  @Test("With fewer images than a place has features it still judges, with next to none it refuses")
  func few() throws {
    let statistic = try DamageStatistic(fitting: Self.estimates(9, seed: 8))
    let own = Self.estimates(60, seed: 9).map(statistic.score)
    #expect(own.allSatisfy { $0.isFinite })
    #expect(Self.auroc(own, Self.estimates(60, seed: 10, defect: 8).map(statistic.score)) > 0.8)
    #expect(throws: CalibrationError.self) { try DamageStatistic(fitting: Self.estimates(2, seed: 8)) }
    var unseen = Self.estimates(5, seed: 8)
    unseen[3].appearance = nil
    #expect(throws: CalibrationError.self) { try DamageStatistic(fitting: unseen) }
    #expect(!DamageStatistic.canJudge(unseen[3]) && DamageStatistic.canJudge(unseen[0]))
    #expect(statistic.score(unseen[3]).isNaN)
  }

  @Test("It survives its tensors, and another network's are refused")
  func tensors() throws {
    let statistic = try DamageStatistic(fitting: Self.estimates(40, seed: 11))
    let kept = statistic.tensors.mapValues { $0.map { Double(Float($0)) } }
    func read(_ change: (inout [String: [Double]]) -> Void) throws -> DamageStatistic {
      var tensors = kept
      change(&tensors)
      return try DamageStatistic { name, count in
        guard let values = tensors[name], count == nil || count == values.count else {
          throw CalibrationError.unsuitable(name)
        }
        return values
      }
    }
    let again = try read { _ in }
    for estimate in Self.estimates(5, seed: 12, defect: 1) {
      #expect(again.score(estimate) == statistic.score(estimate))
    }
    #expect(again.refusal(for: Self.form) == nil)
    let other = DamageForm(rows: 4, columns: 8, features: 12, middle: 6)
    for damage in [other, nil] {
      let form = EstimateForm(sigmas: [], shape: Self.form.shape, damage: damage)
      #expect(again.refusal(for: form) != nil)
    }
    #expect(throws: CalibrationError.self) { try read { $0["factors"]?[0] = 0 } }
    #expect(throws: CalibrationError.self) { try read { $0["mean"]?.removeLast() } }
    #expect(throws: CalibrationError.self) { try read { $0["columns"] = [0.5] } }
    #expect(try read { $0["ordinary"]?[1] = 0 }.refusal(for: Self.form) != nil)
  }

  @Test(
    "Near copies fit and are no references: of fresh images the rate is flagged, where copies as references flag more"
  )
  func copies() throws {
    let (splits, originals, rate) = (8, 50, 0.1)
    var (grouped, blind) = (0, 0)
    let fresh = Self.estimates(100, seed: 40)
    for split in 0..<splits {
      let known = Self.estimates(originals, seed: UInt64(50 + split))
      var random = RandomSource(seed: UInt64(70 + split))
      let near = known + known.map { Self.near($0, &random) } + known.map { Self.near($0, &random) }
      let first = (0..<3 * originals).map { $0 % originals }
      func flagged(_ groups: [Int]?) throws -> Int {
        let calibration = try Calibration.crossFitting(
          evaluations: 0, GroupedEstimates(near, groups: groups)
        ).calibration
        return fresh.count {
          calibration.pValue(calibration.score($0, by: .damage), by: .damage) <= rate
        }
      }
      grouped += try flagged(first)
      blind += try flagged(nil)
    }
    let all = Double(splits * fresh.count)
    // One set of fresh images for all: beta of so many references a split, binomial of the images; four standard errors.
    let error = (rate * (1 - rate) * (1 / Double(originals * splits) + 1 / Double(fresh.count))).squareRoot()
    #expect(abs(Double(grouped) / all - rate) < 4 * error, "\(Double(grouped) / all)")
    #expect(Double(blind) / all > 0.5)
  }

  /// The same seen with a little noise.
  private static func near(_ estimate: SurprisalEstimate, _ random: inout RandomSource) -> SurprisalEstimate {
    let seen = estimate.appearance?.damage?.features ?? []
    let features = zip(seen, random.normal(seen.count)).map { $0 + 0.1 * $1 }
    return SurprisalEstimate(
      appearance: Appearance(
        image: Bitmap(width: 8, height: 8, channels: 1, filledWith: 0), activations: random.normal(8),
        damage: DamageLook(form: look, features: features)))
  }
}
