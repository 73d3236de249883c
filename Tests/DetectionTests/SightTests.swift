import Diffusion
import Foundation
import Images
import Tensors
import Testing

@testable import Detection

/// Statistics of what an encoder sees, on features made up.
@Suite struct SightTests {
  static let form = EstimateForm(
    sigmas: [], shape: ImageShape(height: 64, width: 64, channels: 3),
    features: FeatureForm(
      pooled: 12,
      maps: [
        FeatureForm.Map(height: 8, width: 8, channels: 6), FeatureForm.Map(height: 4, width: 4, channels: 10),
      ]))

  /// - Parameters:
  ///   - defect: added to features of the nine places around row 5, column 2.
  ///   - shift: added to features of the whole.
  static func estimate(_ random: inout RandomSource, defect: Float = 0, shift: Float = 0) -> SurprisalEstimate
  {
    let common = random.normal(1)[0]
    let pooled = random.normal(12).map { $0 + common + shift }
    var fine = random.normal(8 * 8 * 6)
    for place in [33, 34, 35, 41, 42, 43, 49, 50, 51] { for c in 0..<6 { fine[place * 6 + c] += defect } }
    let coarse = random.normal(4 * 4 * 10).map { 30 * $0 }
    return SurprisalEstimate(
      features: ImageFeatures(
        pooled: pooled,
        maps: [
          FeatureMap(height: 8, width: 8, channels: 6, values: fine),
          FeatureMap(height: 4, width: 4, channels: 10, values: coarse),
        ]))
  }

  static func estimates(_ count: Int, seed: UInt64, defect: Float = 0, shift: Float = 0)
    -> [SurprisalEstimate]
  {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in estimate(&random, defect: defect, shift: shift) }
  }

  private static func calibration(_ count: Int, seed: UInt64) throws -> Calibration {
    try Calibration(seeing: estimates(count, seed: seed), copies: CopyGroups(distinct: count))
  }

  @Test("Of fresh images of the population each statistic flags the rate")
  func rates() throws {
    let (splits, fresh, rate) = (6, 100, 0.1)
    var flagged: [StatisticName: Int] = [:]
    for split in 0..<splits {
      let calibration = try Self.calibration(100, seed: UInt64(split))
      #expect(calibration.names == [.sight, .embedding, .places, .patches])
      for estimate in Self.estimates(fresh, seed: UInt64(1000 + split)) {
        for name in calibration.names
        where calibration.pValue(calibration.score(estimate, by: name), by: name) <= rate {
          flagged[name, default: 0] += 1
        }
      }
    }
    // The rate of one split varies with its references (beta, of 100), that of its images is binomial: four standard errors.
    let error = (rate * (1 - rate) * (1.0 / 100 + 1.0 / Double(fresh)) / Double(splits)).squareRoot()
    for name in [StatisticName.sight, .embedding, .places, .patches] {
      let share = Double(flagged[name] ?? 0) / Double(splits * fresh)
      #expect(abs(share - rate) < 4 * error + 1.0 / 101, "\(name.rawValue): \(share)")
    }
  }

  @Test("What is odd in one place places and patches find there, what is odd as a whole the embedding")
  func oddness() throws {
    let calibration = try Self.calibration(120, seed: 5)
    func smallest(_ estimates: [SurprisalEstimate], _ name: StatisticName) -> Double {
      let least = estimates.filter {
        calibration.pValue(calibration.score($0, by: name), by: name) <= 1.5 / 121
      }
      return Double(least.count) / Double(estimates.count)
    }
    let defects = Self.estimates(40, seed: 6, defect: 5)
    #expect(smallest(defects, .patches) > 0.9)
    #expect(smallest(defects, .places) > 0.9)
    #expect(smallest(defects, .embedding) < 0.2)
    #expect(smallest(defects, .sight) > 0.8)
    let shifted = Self.estimates(40, seed: 7, shift: 12)
    #expect(smallest(shifted, .embedding) > 0.9)
    #expect(smallest(shifted, .patches) < 0.2)
    #expect(smallest(shifted, .places) < 0.2)
    #expect(smallest(shifted, .sight) > 0.8)
    let words = calibration.words(defects[0], by: .sight, Self.form)
    // Rows 4 to 6 of 8 are of the middle third and the bottom one.
    #expect(words.contains("left (around") && !words.hasPrefix("top"), "\(words)")
    #expect(calibration.words(shifted[0], by: .sight, Self.form).hasPrefix("as a whole"))
    let map = try #require(calibration.oddness(defects[0], Self.form))
    let peak = map.indices.max { map[$0] < map[$1] } ?? 0
    #expect(abs(peak / 64 - 44) <= 8 && abs(peak % 64 - 20) <= 8)
  }

  @Test("Images that show the same are one reference, and never judge one another")
  func copies() throws {
    // Every image three times: without groups its double would make it ordinary beyond measure.
    let once = Self.estimates(40, seed: 8)
    let thrice = once + once + once
    var first = Array(0..<40)
    first += first + first
    let copies = CopyGroups(distinct: 120)
    let grouped = try Calibration(seeing: thrice, copies: CopyGroups(first: first))
    let blind = try Calibration(seeing: thrice, copies: copies)
    #expect(grouped.referenceCount == 40 && blind.referenceCount == 120)
    let fresh = Self.estimates(60, seed: 9)
    func share(_ calibration: Calibration) -> Double {
      Double(
        fresh.count {
          calibration.pValue(calibration.score($0, by: .patches), by: .patches) <= 0.1
        }) / 60
    }
    #expect(share(grouped) < 0.25)
    #expect(share(blind) > 0.9)
  }

  @Test("A model's statistics are the same when they were written and read, to the last digit")
  func tensors() throws {
    let calibration = try Self.calibration(60, seed: 10)
    let tensors = calibration.tensors.mapValues { $0.map { Double(Float($0)) } }
    func read(_ form: EstimateForm) throws -> Calibration {
      try Calibration(evaluations: 0, kind: .sight, form: form, names: Set(tensors.keys)) { name, count in
        let values = try #require(tensors[name])
        if let count, values.count != count { throw CalibrationError.unsuitable(name) }
        return values
      }
    }
    let back = try read(Self.form)
    for estimate in Self.estimates(20, seed: 11, defect: 1) {
      for name in calibration.names {
        #expect(calibration.score(estimate, by: name) == back.score(estimate, by: name))
      }
    }
    let other = EstimateForm(
      sigmas: [], shape: Self.form.shape,
      features: FeatureForm(pooled: 12, maps: [FeatureForm.Map(height: 8, width: 8, channels: 7)]))
    #expect(throws: CalibrationError.self) { try read(other) }
  }

  @Test("An encoder that says nothing of places is judged by as a whole")
  func withoutPlaces() throws {
    let flat = Self.estimates(60, seed: 12).map {
      SurprisalEstimate(features: ImageFeatures(pooled: $0.features?.pooled ?? [], maps: []))
    }
    let calibration = try Calibration(seeing: flat, copies: CopyGroups(distinct: 60))
    #expect(calibration.names == [.sight, .embedding])
    #expect(calibration.oddness(flat[0], Self.form) == nil)
  }

  @Test("The embedding's bits are of a density: over all that there can be it sums to one")
  func density() {
    var random = RandomSource(seed: 13)
    let table = FeatureTable(
      columns: 2, values: (0..<200).flatMap { _ in random.normal(2).map { 3 * $0 + 1 } })
    let gaussian = ShrunkGaussian(fitting: table)
    let (step, reach) = (0.25, 160)
    var sum = 0.0
    for i in -reach...reach {
      for j in -reach...reach {
        let row = [Float(Double(i) * step), Float(Double(j) * step)]
        sum += pow(2, -gaussian.bits(row[...])) * step * step
      }
    }
    #expect(abs(sum - 1) < 1e-3)
  }
}
