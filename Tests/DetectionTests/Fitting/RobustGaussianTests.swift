import Foundation
import Tensors
import Testing

@testable import Detection

struct RobustGaussianTests {
  /// Features that depend on each other, and a cluster of rows that are alike, far from them.
  static func table(ordinary: Int, alike: Int, seed: UInt64) -> FeatureTable {
    var random = RandomSource(seed: seed, stream: 62)
    var table = FeatureTable(columns: 30)
    for _ in 0..<ordinary {
      let z = random.normal(31)
      table.append((0..<30).map { z[$0] + z[30] })
    }
    for _ in 0..<alike {
      table.append(random.normal(30).enumerated().map { ($0 % 2 == 0 ? 4 : -4) + 0.1 * $1 })
    }
    return table
  }

  @Test(
    "Up to a fifth of rows that are far and alike score higher than all but few of the others",
    arguments: [1, 5, 20])
  func contamination(percent: Int) {
    let alike = 2 * percent
    let table = Self.table(ordinary: 200 - alike, alike: alike, seed: UInt64(percent))
    let fit = RobustGaussian.fit(table, by: CrossFit(rows: 200))
    let ordinary = fit.scores.prefix(200 - alike).sorted()
    let least = fit.scores.suffix(alike).min() ?? 0
    #expect(least > ordinary[ordinary.count * 99 / 100])
  }

  @Test("A row that is no number is not fitted on and scores no number")
  func notFinite() {
    var table = Self.table(ordinary: 40, alike: 0, seed: 9)
    table.append([Float](repeating: .nan, count: 30))
    let fit = RobustGaussian.fit(table, by: CrossFit(rows: 41))
    #expect(fit.scores[40].isNaN && !fit.kept[40])
    #expect(fit.scores.prefix(40).allSatisfy { $0.isFinite })
    #expect(EmpiricalNull(fitting: fit.scores).pValue(fit.scores[40]) == EmpiricalNull.smallest)
  }

  @Test("Judged by what its own images fitted, fresh images score as those do")
  func freshImages() {
    let table = Self.table(ordinary: 600, alike: 0, seed: 10)
    let fit = RobustGaussian.fit(table.subset(0..<300), by: CrossFit(rows: 300))
    let own = fit.scores.sorted()
    let fresh = fit.model.scores(table.subset(300..<600))
    // Ranks of 300 among 300: the mean rank's standard error is 1 / sqrt(6 * 300).
    let ranks = fresh.map { score in Double(own.count { $0 < score }) / 300 }
    let mean: Double = ranks.reduce(0, +) / 300
    #expect(abs(mean - 0.5) < 4 / 1800.0.squareRoot())
  }

  @Test("Where all rows are known to belong, none is left out; one group alone does not stop a fit")
  func trusted() {
    let table = Self.table(ordinary: 60, alike: 0, seed: 11)
    let fit = RobustGaussian.fit(table, by: CrossFit(rows: 60), trusted: true)
    #expect(fit.kept.allSatisfy { $0 })
    #expect(fit.model.gaussian == fit.model.core)
    let alone = RobustGaussian.fit(table, by: CrossFit(groups: [Int](repeating: 3, count: 60)))
    #expect(alone.model.score(table[0]).isFinite)
  }
}
