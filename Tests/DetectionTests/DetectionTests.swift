import Diffusion
import Foundation
import Images
import Tensors
import Testing

@testable import Detection

struct DetectionTests {
  static let grid = ErrorBreakdown.Grid(ImageShape(height: 16, width: 16, channels: 1))

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
      bitsPerDim: bits, standardError: nil, prior: 0, integral: bits, decoder: 0, integrand: integrand,
      errors: integrand, breakdown: ErrorBreakdown(grid: grid, cells: cells, bands: bands, spots: spots),
      gaussianBitsPerDim: 6 + noise[9], compressedBitsPerDim: 5 + noise[10], evaluations: 8, map: [])
  }

  @Test("p-values of the population are uniform: each rate is realised by each statistic")
  func ratesHold() throws {
    let splits = 60
    let fresh = 200
    let rates = [0.1, 0.05, 0.02]
    var flagged: [StatisticName: [Double]] = [:]
    for split in 0..<splits {
      var random = RandomSource(seed: UInt64(split), stream: 1)
      let calibration = try Calibration(
        evaluations: 8, estimates: (0..<268).map { _ in Self.estimate(&random) })
      for rate in rates { try calibration.require(rate: rate, for: .combined) }
      for _ in 0..<fresh {
        let image = Self.estimate(&random)
        for name in StatisticName.allCases {
          let pValue = calibration.pValue(calibration.score(image, by: name), by: name)
          for (k, rate) in rates.enumerated() where pValue <= rate {
            flagged[name, default: [0, 0, 0]][k] += 1
          }
        }
      }
    }
    for name in StatisticName.allCases {
      for (k, rate) in rates.enumerated() {
        // Given 201 references, floor(202 rate)/202 are flagged on average; the references' own luck varies a split's
        // rate by sqrt(r (1-r) / 201), the fresh images' by sqrt(r (1-r) / 200).
        let expected = (202 * rate).rounded(.down) / 202
        let error = (rate * (1 - rate) * (1 / 201.0 + 1 / 200.0) / Double(splits)).squareRoot()
        let found = try #require(flagged[name])[k] / Double(splits * fresh)
        #expect(abs(found - expected) < 3.5 * error, "\(name) \(rate)")
      }
    }
  }

  @Test("A defect in one cell is seen by its place, where the sum over places hides it")
  func defect() throws {
    var random = RandomSource(seed: 2, stream: 12)
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<800).map { _ in Self.estimate(&random) })
    func separation(_ name: StatisticName) -> Double {
      var (low, high): ([Double], [Double]) = ([], [])
      for _ in 0..<300 {
        low.append(calibration.score(Self.estimate(&random), by: name))
        high.append(calibration.score(Self.estimate(&random, defect: 1.5), by: name))
      }
      return Separation(inliers: low, outliers: high).auroc
    }
    // The defect leaves each level's sum, and so the profile's distribution, as they were: AUROC 0.5, standard
    // deviation 0.024 for 300 and 300.
    #expect(abs(separation(.profile) - 0.5) < 0.1)
    // Eight of 128 features are each some three standard deviations off.
    #expect(separation(.spatial) > 0.9)
    #expect(separation(.combined) > 0.75)
  }

  @Test("A spot stronger than the population's is seen, a weaker one is not odd")
  func spot() throws {
    var random = RandomSource(seed: 5, stream: 15)
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<800).map { _ in Self.estimate(&random) })
    func auroc(spot: Double) -> Double {
      var (low, high): ([Double], [Double]) = ([], [])
      for _ in 0..<300 {
        low.append(calibration.score(Self.estimate(&random), by: .local))
        high.append(calibration.score(Self.estimate(&random, spot: spot), by: .local))
      }
      return Separation(inliers: low, outliers: high).auroc
    }
    // Five standard deviations of 0.2 in one of four features, above and below.
    #expect(auroc(spot: 1) > 0.95)
    // One feature in four is never above the mean, where half of a member's are.
    #expect(auroc(spot: -1) < 0.5)
  }

  @Test("A fitted statistic scores the same after it was kept and read")
  func statisticsKept() throws {
    var random = RandomSource(seed: 3, stream: 13)
    let images = (0..<300).map { _ in Self.estimate(&random) }
    let fitted = try CombinedStatistic(fitting: images)
    let kept = fitted.tensors
    struct Missing: Error {}
    let read = try CombinedStatistic { name, count in
      guard let values = kept[name], count == nil || count == values.count else { throw Missing() }
      return values.map { Double(Float($0)) }
    }
    #expect(read.refusal(nodes: 8, grid: Self.grid) == nil)
    #expect(read.refusal(nodes: 4, grid: Self.grid) != nil)
    for image in images.prefix(20) { #expect(read.score(image) == fitted.score(image)) }
    let local = try LocalStatistic(fitting: images)
    let again = try LocalStatistic { name, _ in try #require(local.tensors[name]) }
    #expect(again.refusal(sides: Spot.sides(Self.grid.shape).count) == nil)
    #expect(again.refusal(sides: 1) != nil)
    for image in images.prefix(20) { #expect(again.score(image) == local.score(image)) }
  }

  @Test("A mixture finds the components of its images, and its density is theirs")
  func mixture() {
    var random = RandomSource(seed: 4, stream: 14)
    // Two unit Gaussians in the plane, six apart along a diagonal, one three times as heavy.
    func row() -> [Double] {
      let noise = random.normal(2).map(Double.init)
      let side = random.uniform() < 0.75 ? -3.0 : 3.0
      return [noise[0] + side, noise[1] + side]
    }
    let rows = (0..<1200).map { _ in row() }
    let density = MixtureDensity(fitting: rows)
    #expect(density.weights.count == 2)
    let one = MixtureDensity(fitting: rows, components: 1)
    // Held-out surprise of the truth, less ln of the standardising scales: entropy of a unit Gaussian in the plane
    // plus that of the coin. Parameters fitted to n images cost about (number of them) / 2n = 0.005 more.
    let fresh = (0..<4000).map { _ in row() }
    let scale = density.deviation.reduce(0) { $0 + log($1) }
    func surprise(_ density: MixtureDensity) -> Double {
      fresh.reduce(0) { $0 + density.surprise(density.standardised($1)) } / Double(fresh.count) + scale
    }
    let coin = -0.75 * log(0.75) - 0.25 * log(0.25)
    let truth = log(2 * Double.pi * M_E) + coin
    // A draw's surprise has a standard deviation near 1.2: 0.02 over 4000.
    #expect(abs(surprise(density) - truth) < 0.08)
    #expect(surprise(one) > truth + 0.2)
  }

  @Test("Constant scores, what is no number, and a single image have defined answers")
  func edges() throws {
    var random = RandomSource(seed: 5, stream: 15)
    let one = Self.estimate(&random)
    let constant = try Calibration(evaluations: 8, estimates: (0..<40).map { _ in one })
    for name in StatisticName.allCases {
      let score = constant.score(one, by: name)
      #expect(score.isFinite, "\(name)")
      #expect(constant.pValue(score, by: name) == 1, "\(name)")
      #expect(constant.tailPValue(score, by: name) == nil)
    }
    // Any difference stands out from what never varied.
    let other = Self.estimate(&random, shift: 0.5)
    for name in [StatisticName.combined, .profile, .spatial] {
      #expect(constant.pValue(constant.score(other, by: name), by: name) == 1.0 / 31, "\(name)")
    }
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<268).map { _ in Self.estimate(&random) })
    let grid = Self.grid
    let none = SurprisalEstimate(
      bitsPerDim: .nan, standardError: nil, prior: 0, integral: .nan, decoder: 0,
      integrand: [Double](repeating: .nan, count: 8), errors: [Double](repeating: .nan, count: 8),
      breakdown: ErrorBreakdown(
        grid: grid, cells: [Float](repeating: .nan, count: 8 * grid.cells),
        bands: [Float](repeating: .nan, count: 8 * ErrorBreakdown.bands),
        spots: Spot.sides(grid.shape).flatMap { side in
          [true, false].map { Spot(side: side, isDark: $0, strength: .nan, row: 0, column: 0) }
        }),
      gaussianBitsPerDim: .nan, compressedBitsPerDim: 5, evaluations: 8, map: [])
    for name in StatisticName.allCases {
      // The oddest there is, never lost among the members.
      #expect(calibration.pValue(calibration.score(none, by: name), by: name) == 1.0 / 202, "\(name)")
    }
    #expect(
      SetVerdict(
        scores: [calibration.score(one, by: .combined)], bits: [one.bitsPerDim], statistic: .combined,
        calibration: calibration)?.bitsPValue == nil)
  }

  @Test(
    "A tail fitted to references tells the probability of scores far beyond them",
    arguments: [0.0, 0.25])
  func tail(shape: Double) throws {
    // Generalised Pareto scores themselves: the excesses over any threshold are so too, with the same shape.
    func survival(_ x: Double) -> Double { shape == 0 ? exp(-x) : pow(1 + shape * x, -1 / shape) }
    let far = shape == 0 ? 9.2 : 36.0
    var logs: [Double] = []
    for seed in 0..<100 {
      var random = RandomSource(seed: UInt64(seed), stream: 21)
      let scores = try ReferenceScores(
        (0..<2000).map { _ in
          let u = 1 - random.uniform()
          return shape == 0 ? -log(u) : (pow(u, -shape) - 1) / shape
        })
      let fit = try #require(scores.tail)
      #expect(scores.tailPValue(0.5) == nil)
      logs.append(log(fit.probability(above: far)))
    }
    // At survival 1e-4, a hundredth of what 200 excesses show. Hosking and Wallis (1987, table 4) give the quantile
    // estimate there a relative standard deviation near 0.2: some 1 in the logarithm here, 0.1 for the mean of 100; the
    // exponential case has the shape bounded at 0, which adds an upward bias below 1.
    let mean = logs.reduce(0, +) / 100
    #expect(abs(mean - log(survival(far))) < 1.2, "\(mean) \(log(survival(far)))")
    #expect(TailFit((0..<100).map(Double.init)) == nil)
    #expect(TailFit([Double](repeating: 1, count: 1000)) == nil)
  }

  @Test("Too few references for a rate are refused, with the number needed")
  func tooFew() throws {
    var random = RandomSource(seed: 1)
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<100).map { _ in Self.estimate(&random) })
    #expect(throws: CalibrationError.tooFewReferences(found: 75, needed: 99, rate: 0.01)) {
      try calibration.require(rate: 0.01, for: .profile)
    }
    #expect(throws: CalibrationError.invalidRate(0)) { try calibration.require(rate: 0, for: .profile) }
    #expect(throws: CalibrationError.self) { try Calibration(evaluations: 8, estimates: []) }
    try calibration.require(rate: 1.0 / 76, for: .profile)
  }

  @Test("Benjamini-Hochberg keeps the share of false discoveries")
  func falseDiscoveries() {
    // Uniform p-values for 180 members and tiny ones for 20 outliers.
    var share = 0.0
    let rounds = 400
    for round in 0..<rounds {
      var random = RandomSource(seed: UInt64(round), stream: 2)
      let members = (0..<180).map { _ in random.uniform() }
      let odd = (0..<20).map { _ in random.uniform() * 1e-4 }
      let threshold = FlaggingRule.falseDiscoveryRate(0.1).threshold(for: members + odd)
      let wrong = Double(members.count { $0 <= threshold })
      share += wrong / max(wrong + Double(odd.count { $0 <= threshold }), 1)
    }
    // Expected 0.1 * 180/200 = 0.09; a round's share has a standard deviation below 0.07.
    #expect(share / Double(rounds) < 0.1 + 3 * 0.07 / Double(rounds).squareRoot())
    #expect(share / Double(rounds) > 0.09 - 3 * 0.07 / Double(rounds).squareRoot())
  }

  @Test("AUROC is the chance of the right order, and its interval covers it")
  func auroc() {
    #expect(Separation(inliers: [1, 2], outliers: [3, 4]).auroc == 1)
    #expect(Separation(inliers: [1, 1], outliers: [1, 1]).auroc == 0.5)
    #expect(Separation(inliers: [2, 4], outliers: [1, 3]).auroc == 0.25)
    #expect(Separation(inliers: [1, 2, 3, 4], outliers: [3.5]).fprAt95 == 0.25)
    // Unit normals one deviation apart: AUROC = Phi(1/sqrt 2).
    let truth = 0.5 * erfc(-0.5)
    var held = 0
    for round in 0..<200 {
      var random = RandomSource(seed: UInt64(round), stream: 3)
      let result = Separation(
        inliers: random.normal(100).map(Double.init), outliers: random.normal(80).map { Double($0) + 1 })
      if result.aurocInterval[0] <= truth, truth <= result.aurocInterval[1] { held += 1 }
    }
    // 190 expected of 200, standard deviation 3.1; the normal approximation may cost two points.
    #expect(held >= 176)
  }

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

  @Test("The two-sample test is level under one distribution and sees another")
  func twoSample() {
    var rejected = 0
    for seed in 0..<400 {
      var random = RandomSource(seed: UInt64(seed), stream: 7)
      let (a, b) = (random.normal(80).map(Double.init), random.normal(120).map(Double.init))
      if TwoSample(a, b).pValue < 0.05 { rejected += 1 }
    }
    // 5 % of 400 is 20, standard deviation 4.4; the asymptotic test is a little conservative.
    #expect(rejected <= 34 && rejected >= 4, "\(rejected)")
    var random = RandomSource(seed: 1)
    let (a, b) = (random.normal(200).map(Double.init), random.normal(200).map { Double($0) + 0.8 })
    // The distributions are 0.31 apart at most; sampling moves that by some 0.07.
    #expect(TwoSample(a, b).pValue < 1e-4)
    #expect(TwoSample(a, a).pValue == 1 && TwoSample(a, a).distance == 0)
  }

  @Test("A set verdict is level for the population, and sees a drift too small to flag any image")
  func setVerdict() throws {
    var rejected = 0
    var seen = 0
    let sets = 200
    for seed in 0..<sets {
      var random = RandomSource(seed: UInt64(seed), stream: 11)
      let calibration = try Calibration(
        evaluations: 8, estimates: (0..<268).map { _ in Self.estimate(&random) })
      func verdict(_ shift: Double) throws -> Double {
        let set = (0..<150).map { _ in Self.estimate(&random, shift: shift) }
        return try #require(
          SetVerdict(
            scores: set.map { calibration.score($0, by: .profile) }, bits: set.map(\.bitsPerDim),
            statistic: .profile, calibration: calibration)
        ).pValue
      }
      if try verdict(0) < 0.05 { rejected += 1 }
      if try verdict(0.12) < 0.05 { seen += 1 }
    }
    // At most 5 % of 200, standard deviation 3.1, three of them above.
    #expect(rejected <= 20, "\(rejected)")
    // 0.12 is some half of the standard deviation of log bits/dim; with 150 images its mean is 4 errors off.
    #expect(seen > sets * 9 / 10, "\(seen)")
    #expect(
      SetVerdict(
        scores: [], bits: [], statistic: .profile,
        calibration: try Calibration(
          evaluations: 8,
          estimates: {
            var random = RandomSource(seed: 1)
            return (0..<40).map { _ in Self.estimate(&random) }
          }())) == nil)
  }
}
