import Foundation
import Tensors
import Testing

@testable import Detection

struct ScoreLawTests {
  /// Scores of images, `[kinds][images]`: normal vectors of which each pair of kinds shares half of its variance, through a
  /// distortion of each kind's own.
  private static func scores(_ images: Int, kinds: Int, seed: UInt64, shift: [Double] = []) -> [[Double]] {
    var random = RandomSource(seed: seed)
    var all = [[Double]](repeating: [], count: kinds)
    for _ in 0..<images {
      let draws = random.normal(kinds + 1).map(Double.init)
      for k in 0..<kinds {
        let z = (draws[kinds] + draws[k]) / 2.0.squareRoot() + (k < shift.count ? shift[k] : 0)
        all[k].append(k % 2 == 0 ? exp(z / 2) : 10 * z - 3)
      }
    }
    return all
  }

  private static func sizes(_ law: ScoreLaw, _ scores: [[Double]]) -> [Double] {
    scores[0].indices.map { image in law.shift(scores.map { $0[image] }).size }
  }

  @Test("Normal scores of a population are standard normal, and ascend beyond it on both sides")
  func normal() {
    let column = Self.scores(4000, kinds: 1, seed: 1)[0]
    let normal = NormalScores(fitting: column)
    let values = column.map { normal($0) }
    let mean = values.reduce(0, +) / 4000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    // Standard errors are 0.016 and 0.022; knots a quarter apart add less.
    #expect(abs(mean) < 0.06 && abs(variance - 1) < 0.1, "\(mean) \(variance)")
    let places = [-1.0, 0.001, 0.1, 1, 5, 20, 100, 1e4].map { normal($0) }
    #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 }, "\(places)")
    #expect(normal(.nan).isNaN && normal(1e300) == 1e4)
    #expect(NormalScores(tensor: normal.tensor[...]) == normal && normal.isRegular)
  }

  @Test(
    "A vector counts more where any score is shifted, where all are, and where one is against those that go with it; not for low ones"
  )
  func power() {
    let law = ScoreLaw(fitting: Self.scores(3000, kinds: 5, seed: 2))
    let own = Self.sizes(law, Self.scores(1000, kinds: 5, seed: 3)).sorted()
    let limit = own[950]
    func found(_ shift: [Double]) -> Double {
      Double(Self.sizes(law, Self.scores(1000, kinds: 5, seed: 4, shift: shift)).count { $0 > limit }) / 1000
    }
    // Near Bonferroni's test, which suits one shift alone and finds 0.37 and 0.75 of the first two, 0.50 of the third.
    #expect(found([2, 0, 0, 0, 0]) > 0.33)
    #expect(found([0, 3, 0, 0, 0]) > 0.70)
    #expect(found([1.5, 1.5, 1.5, 1.5, 1.5]) > 0.45)
    #expect(found([-3, -3, -3, -3, -3]) < 0.02)
  }

  @Test("A score that has more say counts more, and one that has little still counts where it is far out")
  func weights() throws {
    let known = Self.scores(3000, kinds: 5, seed: 2)
    func found(_ weights: [Double]?, _ shift: [Double]) -> Double {
      let law = ScoreLaw(fitting: known, weights: weights)
      let limit = Self.sizes(law, Self.scores(1000, kinds: 5, seed: 3)).sorted()[950]
      let fresh = Self.scores(1000, kinds: 5, seed: 4, shift: shift)
      return Double(Self.sizes(law, fresh).count { $0 > limit }) / 1000
    }
    // 0.016 is the standard error of a share of a half.
    let loud = found([1, 0.01, 0.01, 0.01, 0.01], [1.5, 0, 0, 0, 0])
    #expect(loud > found(nil, [1.5, 0, 0, 0, 0]) + 0.05, "\(loud)")
    #expect(found([0.01, 1, 1, 1, 1], [6, 0, 0, 0, 0]) > 0.9)
    for contrasts in [true, false] {
      let law = ScoreLaw(fitting: known, weights: [1, 0.5, 0.01, 0.25, 1], contrasts: contrasts)
      #expect(law.contrasts == contrasts)
      let kept = law.tensors
      #expect(try ScoreLaw(weights: [1, 0.5, 0.01, 0.25, 1]) { name, _ in kept[name] ?? [] } == law)
    }
  }

  @Test("The order of scores does not matter, and what is no number stays none")
  func order() {
    let scores = Self.scores(500, kinds: 3, seed: 5)
    let law = ScoreLaw(fitting: scores)
    let turned = ScoreLaw(fitting: [scores[2], scores[0], scores[1]])
    for image in stride(from: 0, to: 500, by: 25) {
      let own = scores.map { $0[image] }
      let (a, b) = (law.shift(own).size, turned.shift([own[2], own[0], own[1]]).size)
      #expect(abs(a - b) < 1e-3 * (1 + abs(a)), "\(a) \(b)")
    }
    #expect(law.shift([.nan, 1, 1]).size.isNaN)
  }

  @Test("Few images, equal ones and none at all give a law that judges")
  func few() throws {
    for count in [0, 1, 2, 9] {
      let scores = Self.scores(count, kinds: 4, seed: 6)
      let law = ScoreLaw(fitting: scores)
      #expect(law.isRegular && law.shift([1, 1, 1, 1]).size.isFinite, "\(count)")
      let kept = law.tensors
      let read = try ScoreLaw(weights: [1, 1, 1, 1]) { name, _ in kept[name] ?? [] }
      #expect(read == law)
    }
    let same = ScoreLaw(fitting: [[1, 1, 1], [2, 2, 2]])
    #expect(same.isRegular && same.shift([1, 2]).size.isFinite)
    #expect(same.shift([1.5, 2]).size > same.shift([1, 2]).size)
  }
}
