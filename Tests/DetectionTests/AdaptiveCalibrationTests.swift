import Foundation
import Tensors
import Testing

@testable import Detection

struct AdaptiveCalibrationTests {
  /// Scores of one image at three stages, each less noisy than the one before.
  static func ladder(_ random: inout RandomSource, shift: Double = 0) -> [Double] {
    let draws = random.normal(4).map(Double.init)
    return [0.6, 0.3, 0.1].enumerated().map { draws[0] + shift + $0.element * draws[$0.offset + 1] }
  }

  static func climb(_ rule: AdaptiveCalibration.Rule, _ ladder: [Double]) throws -> (
    position: AdaptiveCalibration.Position, stages: Int
  ) {
    for stages in 1...ladder.count {
      if let position = rule.position(Array(ladder[..<stages])) { return (position, stages) }
    }
    throw CalibrationError.notFinite
  }

  @Test(
    "Adaptive p-values realise their rate, and most images stop at the first stage", arguments: [0.1, 0.02])
  func adaptiveRates(rate: Double) throws {
    let splits = 60
    let fresh = 200
    var flagged = 0.0
    var stages = 0.0
    for split in 0..<splits {
      var random = RandomSource(seed: UInt64(split), stream: 3)
      let calibration = AdaptiveCalibration(
        evaluations: [4, 16, 64], fitting: [.profile: (0..<67).map { _ in Self.ladder(&random) }],
        references: [.profile: (0..<201).map { _ in Self.ladder(&random) }])
      let rule = try calibration.rule(rate: rate, for: .profile)
      for _ in 0..<fresh {
        let (position, count) = try Self.climb(rule, Self.ladder(&random))
        stages += Double(count)
        if rule.pValue(position) <= rate { flagged += 1 }
      }
    }
    // As in ratesHold.
    let expected = (202 * rate).rounded(.down) / 202
    let error = (rate * (1 - rate) * (1 / 201.0 + 1 / 200.0) / Double(splits)).squareRoot()
    #expect(abs(flagged / Double(splits * fresh) - expected) < 3.5 * error)
    // At 0.02, 0.44 go on past the first stage and 0.18 past the second: 1.62, give or take the fitting images' luck.
    if rate < 0.05 { #expect(stages / Double(splits * fresh) < 1.8) }
  }

  @Test("Adaptive verdicts order exits, take what is no number for odd, and refuse too few references")
  func adaptiveEdges() throws {
    var random = RandomSource(seed: 5)
    let calibration = AdaptiveCalibration(
      evaluations: [4, 16, 64], fitting: [.profile: (0..<50).map { _ in Self.ladder(&random) }],
      references: [.profile: (0..<99).map { _ in Self.ladder(&random) }])
    let rule = try calibration.rule(rate: 0.01, for: .profile)
    let clear = try Self.climb(rule, [-9, 0, 0])
    let odd = try Self.climb(rule, [99, 0, 0])
    let none = try Self.climb(rule, [.nan, 0, 0])
    #expect(clear.stages == 1 && odd.stages == 1 && none.stages == 1)
    #expect(clear.position < odd.position && !(none.position < odd.position))
    #expect(rule.pValue(odd.position) == 0.01 && rule.pValue(none.position) == 0.01)
    #expect(rule.pValue(clear.position) == 1)
    #expect(throws: CalibrationError.self) { try calibration.rule(rate: 0.009, for: .profile) }
    #expect(throws: CalibrationError.self) { try calibration.rule(rate: 0, for: .profile) }
  }
}
