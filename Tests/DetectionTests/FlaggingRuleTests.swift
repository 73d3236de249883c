import Foundation
import Tensors
import Testing

@testable import Detection

struct FlaggingRuleTests {
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
}
