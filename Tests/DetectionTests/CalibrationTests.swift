import Diffusion
import Foundation
import Tensors
import Testing

@testable import Detection

struct CalibrationTests {
  @Test(
    "p-values of the population are uniform: each rate is realised by each statistic",
    arguments: [
      // Images, and how many of them are references: all of few, three quarters of many.
      (images: 200, references: 200, splits: 60), (images: 2000, references: 1500, splits: 8),
    ])
  func ratesHold(images: Int, references: Int, splits: Int) throws {
    let fresh = 200
    let rates = [0.1, 0.05, 0.02]
    var flagged: [StatisticName: [Double]] = [:]
    for split in 0..<splits {
      var random = RandomSource(seed: UInt64(split), stream: 1)
      let calibration = try Calibration(
        evaluations: 8, estimates: (0..<images).map { _ in Synthetic.estimate(&random) })
      #expect(calibration.referenceCount == references)
      for rate in rates { try calibration.require(rate: rate, for: .combined) }
      for _ in 0..<fresh {
        let image = Synthetic.estimate(&random)
        for name in Synthetic.names {
          let pValue = calibration.pValue(calibration.score(image, by: name), by: name)
          for (k, rate) in rates.enumerated() where pValue <= rate {
            flagged[name, default: [0, 0, 0]][k] += 1
          }
        }
      }
    }
    let n = Double(references)
    for name in Synthetic.names {
      for (k, rate) in rates.enumerated() {
        // floor((n + 1) rate)/(n + 1) are flagged on average; the references' own luck varies a split's rate by
        // sqrt(r (1-r) / n), the fresh images' by sqrt(r (1-r) / 200).
        let expected = ((n + 1) * rate).rounded(.down) / (n + 1)
        let error = (rate * (1 - rate) * (1 / n + 1 / Double(fresh)) / Double(splits)).squareRoot()
        let found = try #require(flagged[name])[k] / Double(splits * fresh)
        #expect(abs(found - expected) < 3.5 * error, "\(name) \(rate): \(found), not \(expected)")
      }
    }
  }

  @Test(
    "Near copies of few images fit, and rates hold for fresh ones, where copies that pass for different images have more of these flagged"
  )
  func copies() throws {
    let (splits, originals, fresh, rate) = (4, 63, 200, 0.1)
    let name = StatisticName.spatial
    var (grouped, blind) = (0, 0)
    for split in 0..<splits {
      var random = RandomSource(seed: UInt64(split), stream: 0x434F_5059)
      let known = (0..<originals).map { _ in Synthetic.estimate(&random) }
      // Each image in three views that hardly differ.
      let views = known + known + known
      let groups = views.indices.map { $0 % originals }
      let unseen = (0..<fresh).map { _ in Synthetic.estimate(&random) }
      func flagged(_ groups: [Int]?) throws -> Int {
        let (calibration, scores) = try Calibration.crossFitting(
          evaluations: 8, GroupedEstimates(views, groups: groups))
        #expect(calibration.references[name]?.count == (groups == nil ? views.count : originals))
        #expect(scores[name]?.count == views.count)
        return unseen.count { calibration.pValue(calibration.score($0, by: name), by: name) <= rate }
      }
      grouped += try flagged(groups)
      blind += try flagged(nil)
    }
    let all = Double(splits * fresh)
    // What references of a split vary it by, and fresh images; four standard errors.
    let error = (rate * (1 - rate) * (1 / Double(originals * splits) + 1 / all)).squareRoot()
    let expected = (Double(originals + 1) * rate).rounded(.down) / Double(originals + 1)
    #expect(abs(Double(grouped) / all - expected) < 4 * error, "\(Double(grouped) / all)")
    #expect(Double(blind) / all > 0.5)
  }

  @Test(
    "What judges new images is what judged the first part of those it was made of, the law of combined among it"
  )
  func firstPart() throws {
    var random = RandomSource(seed: 4, stream: 0x5041_5254)
    let images = (0..<90).map { _ in Synthetic.seen(&random) }
    let groups = images.indices.map { $0 / 2 }
    for evaluations in [8, 0] {
      let (calibration, scores) = try Calibration.crossFitting(
        evaluations: evaluations, GroupedEstimates(images, groups: groups))
      for name in calibration.names where evaluations > 0 {
        // Groups are dealt to ten parts in turn.
        for row in images.indices where groups[row] % 10 == 0 {
          #expect(calibration.score(images[row], by: name) == scores[name]?[row], "\(name) \(row)")
        }
      }
      #expect(Set(calibration.names) == Set(scores.keys))
      #expect(scores.values.allSatisfy { $0.count == images.count && $0.allSatisfy(\.isFinite) })
    }
  }

  @Test("References are of the images named, and of no other")
  func namedReferences() throws {
    var random = RandomSource(seed: 3, stream: 0x5245_4653)
    let images = (0..<60).map { _ in Synthetic.estimate(&random) }
    let named = [3, 11, 12, 20, 31, 32, 40, 45, 50, 59]
    let (calibration, scores) = try Calibration.crossFitting(
      evaluations: 8, GroupedEstimates(images), references: named)
    for name in Synthetic.names {
      let expected = named.compactMap { scores[name]?[$0] }.sorted()
      #expect(calibration.references[name]?.sorted == expected, "\(name)")
    }
  }

  @Test("Constant scores, what is no number, and a single image have defined answers")
  func edges() throws {
    var random = RandomSource(seed: 5, stream: 15)
    let one = Synthetic.estimate(&random)
    let constant = try Calibration(evaluations: 8, estimates: (0..<40).map { _ in one })
    for name in Synthetic.names {
      let score = constant.score(one, by: name)
      #expect(score.isFinite, "\(name)")
      #expect(constant.pValue(score, by: name) == 1, "\(name)")
      #expect(constant.tailPValue(score, by: name) == nil)
    }
    // Any difference stands out from what never varied.
    let other = Synthetic.estimate(&random, shift: 0.5)
    for name in [StatisticName.combined, .profile, .spatial] {
      #expect(constant.pValue(constant.score(other, by: name), by: name) == 1.0 / 41, "\(name)")
    }
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<268).map { _ in Synthetic.estimate(&random) })
    let grid = Synthetic.grid
    let none = SurprisalEstimate(
      bitsPerDim: .nan, integral: .nan, integrand: [Double](repeating: .nan, count: 8),
      errors: [Double](repeating: .nan, count: 8), evaluations: 8, gaussianBitsPerDim: .nan,
      breakdown: ErrorBreakdown(
        grid: grid, cells: [Float](repeating: .nan, count: 8 * grid.cells),
        bands: [Float](repeating: .nan, count: 8 * ErrorBreakdown.bands)),
      spots: Spot.sides(grid.shape).flatMap { side in
        [true, false].map { Spot(side: side, isDark: $0, strength: .nan, row: 0, column: 0) }
      }, compressedBitsPerDim: 5)
    for name in Synthetic.names {
      // The oddest there is, never lost among the members.
      #expect(calibration.pValue(calibration.score(none, by: name), by: name) == 1.0 / 269, "\(name)")
    }
  }

  @Test("Too few references for a rate are refused, with the number needed")
  func tooFew() throws {
    var random = RandomSource(seed: 1)
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<100).map { _ in Synthetic.estimate(&random) })
    let refused = #expect(throws: CalibrationError.tooFewReferences(found: 100, needed: 199, rate: 0.005)) {
      try calibration.require(rate: 0.005, for: .profile)
    }
    // 1 / 101, rounded up.
    #expect(refused?.description.hasSuffix("support is 0.00991") == true, "\(refused?.description ?? "")")
    #expect(throws: CalibrationError.invalidRate(0)) { try calibration.require(rate: 0, for: .profile) }
    #expect(throws: CalibrationError.self) { try Calibration(evaluations: 8, estimates: []) }
    try calibration.require(rate: 1.0 / 101, for: .profile)
    try calibration.require(rate: 0.00991, for: .profile)
  }

  @Test(
    "Of images that were looked at, rates hold as well, and a stroke that errors do not show is found by all together"
  )
  func looks() throws {
    let (splits, images, fresh, rate) = (8, 120, 150, 0.1)
    var flagged: [StatisticName: Int] = [:]
    var found: [StatisticName: Int] = [:]
    for split in 0..<splits {
      var random = RandomSource(seed: UInt64(split), stream: 0x4C4F_4F4B)
      let calibration = try Calibration(
        evaluations: 8, estimates: (0..<images).map { _ in Synthetic.seen(&random) })
      #expect(calibration.names == StatisticName.ofErrors)
      func isFlagged(_ image: SurprisalEstimate, _ name: StatisticName) -> Int {
        calibration.pValue(calibration.score(image, by: name), by: name) <= rate ? 1 : 0
      }
      for _ in 0..<fresh {
        let (image, odd) = (Synthetic.seen(&random), Synthetic.seen(&random, stroke: 30))
        for name in calibration.names {
          flagged[name, default: 0] += isFlagged(image, name)
          found[name, default: 0] += isFlagged(odd, name)
        }
      }
    }
    let n = Double(images)
    let expected = ((n + 1) * rate).rounded(.down) / (n + 1)
    // As above: the references' luck, and the fresh images'.
    let error = (rate * (1 - rate) * (1 / n + 1 / Double(fresh)) / Double(splits)).squareRoot()
    for name in StatisticName.ofErrors {
      let share = Double(flagged[name] ?? 0) / Double(splits * fresh)
      #expect(abs(share - expected) < 4 * error, "\(name): \(share), not \(expected)")
    }
    let power = found.mapValues { Double($0) / Double(splits * fresh) }
    #expect(
      power[.residual] ?? 0 > 0.95 && power[.combined] ?? 0 > 0.9 && power[.joint] ?? 1 < 0.2, "\(power)")
  }
}
