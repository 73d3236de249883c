import ScoreModel
import Tensors
import Testing

@testable import Surprisal

struct HeldOutWatchTests {
  /// Images that differ by far more than networks do.
  static let images: [Double] = {
    var random = RandomSource(seed: 3)
    return random.normal(40).map { 3 + Double($0) }
  }()

  /// Bits of the images under a network that costs `mean` more than none, with chance of its own.
  static func bits(_ mean: Double, spread: Double = 0.02, seed: UInt64) -> [Double] {
    var random = RandomSource(seed: seed)
    return zip(images, random.normal(images.count)).map { $0 + mean + spread * Double($1) }
  }

  static func watched(_ means: [Double], patience: Int?) -> HeldOutWatch {
    var watch = HeldOutWatch(Checkpoint.Watch(), best: nil, patience: patience)
    for (index, mean) in means.enumerated() where !watch.isOver {
      watch.take(bits(mean, seed: UInt64(index + 1)), at: 10 * (index + 1), weights: [Float(index)])
    }
    return watch
  }

  @Test("Bits that rise end the training after its patience, with the weights of the lowest")
  func rising() throws {
    let watch = Self.watched([1, 0.5, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], patience: 3)
    #expect(watch.isOver && watch.said.points.map(\.step) == [10, 20, 30, 40, 50, 60])
    let better = try #require(watch.better)
    #expect(better.step == 30 && better.weights == [2])
    #expect(abs(better.difference.mean - 0.3) < 5 * better.difference.standardError)
  }

  @Test("Gains too small to show from one validation to the next add up, and training goes on")
  func slow() {
    // Each step gains a fifth of what shows at once: 1.7 standard errors of sqrt(2) 0.02 / sqrt(40).
    let means = (0..<40).map { 1 - 0.0015 * Double($0) }
    #expect(!Self.watched(means, patience: 12).isOver)
    #expect(Self.watched(means.map { _ in 1 }, patience: 12).isOver)
  }

  @Test("Where the latest is not worse by more than chance, it is taken")
  func latest() {
    #expect(Self.watched([1, 0.2, 0.2001], patience: 5).better == nil)
    #expect(Self.watched([1, 0.2, 0.3], patience: 5).better?.step == 20)
    #expect(Self.watched([1, 0.2, 0.1], patience: 5).better == nil)
  }

  @Test("Without patience training goes on whatever images say, and no weights are kept")
  func never() {
    let watch = Self.watched([1, 2, 3, 4, 5, 6, 7, 8, 9], patience: nil)
    #expect(!watch.isOver && watch.best == nil && watch.better == nil && watch.said.points.count == 9)
  }

  @Test("No difference is called one at its level, and a small one is seen through the spread of images")
  func paired() {
    let called = (0..<2000).count {
      let (a, b) = (Self.bits(0, seed: 2 * UInt64($0) + 1), Self.bits(0, seed: 2 * UInt64($0) + 2))
      return PairedDifference(a, b).isPositive
    }
    // 5 % of 2000, four standard deviations of 9.7.
    #expect(abs(called - 100) < 40, "\(called)")
    let difference = PairedDifference(Self.bits(0.03, seed: 1), Self.bits(0, seed: 2))
    #expect(difference.isPositive && difference.pValue < 1e-4)
    #expect(difference.standardError < 0.01)
  }
}
