import Detection
import Files
import Foundation
import Testing

@testable import Surprisal

struct GateTests {
  static func summary(scored: Int, unreadable: Int = 0) -> Scan.Summary {
    var summary = Scan.Summary()
    summary.scored = scored
    summary.unreadable = unreadable
    return summary
  }

  /// Outliers of made-up content.
  static func outliers(_ names: String...) -> [Baseline.Entry] {
    names.map { Baseline.Entry(content: $0, path: FilePath($0)) }
  }

  @Test("Outliers beyond the baseline decide, by count or by share")
  func outliers() throws {
    var policy = Policy()
    policy.maxOutliers = Allowance(count: 1)
    let gate = try Gate(policy, baseline: Baseline(entries: Self.outliers("known")))
    let few = gate.decide(Self.summary(scored: 9), Self.outliers("known", "a"))
    #expect(few == .passed(.newOutliers(1, of: 9, allowed: Allowance(count: 1))))
    let many = gate.decide(Self.summary(scored: 9), Self.outliers("known", "a", "b"))
    #expect(many == .failed(.newOutliers(2, of: 9, allowed: Allowance(count: 1))))
    #expect("\(many.reason)" == "2 new outliers of 9 images, more than 1")
    // Unless said otherwise, the share that the rate flags of the population.
    let plain = try Gate(Policy())
    #expect(
      plain.decide(Self.summary(scored: 100), Self.outliers("a"))
        == .passed(.newOutliers(1, of: 100, allowed: Allowance(share: 0.01))))
    guard case .failed = plain.decide(Self.summary(scored: 99), Self.outliers("a")) else {
      Issue.record("1 of 99 is more than 1 %")
      return
    }
  }

  @Test("What cannot be judged is undecided, not passed")
  func undecided() throws {
    let gate = try Gate(Policy())
    #expect(gate.decide(Self.summary(scored: 0), []) == .undecided(.noImages))
    #expect(
      gate.decide(Self.summary(scored: 5, unreadable: 1), [])
        == .undecided(.unreadable(1, of: 6, allowed: Allowance(count: 0))))
    var policy = Policy()
    policy.minSetPValue = 0.01
    #expect(try Gate(policy).decide(Self.summary(scored: 5), []) == .undecided(.noSetPValue))
    policy.rule = .falsePositiveRate(1e-5)
    let model = try Discs.model()
    let found = model.calibrations[0].referenceCount
    let rate = try Gate(policy).run([], under: model, compute: Discs.compute) { _ in }
    #expect(
      rate.decision == .undecided(.references(.tooFewReferences(found: found, needed: 99999, rate: 1e-5))))
    #expect(rate.summary == nil)
  }

  @Test("A gate hands over what is wrong, and decides by it")
  func run() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      var policy = Policy()
      policy.statistic = .profile
      policy.maxUnreadable = Allowance(count: 1)
      var gate = try Gate(policy)
      var paths: [String] = []
      let failed = try gate.run([mixed], under: Discs.model(), compute: Discs.compute) {
        paths.append($0.path)
      }
      guard case .failed(.newOutliers) = failed.decision else {
        Issue.record("\(failed.decision)")
        return
      }
      let outliers = failed.outliers.map { "\($0.path)" }
      #expect(outliers.contains("\(mixed)/odd.png"))
      #expect(paths == outliers + ["\(mixed)/bad.png"])
      // Accepted, kept in a file, they pass.
      try Baseline(entries: failed.outliers).write(to: "\(folder)/accepted")
      gate.baseline = try Baseline(path: "\(folder)/accepted")
      let passed = try gate.run([mixed], under: Discs.model(), compute: Discs.compute) { _ in }
      guard case .passed(.newOutliers(0, of: 11, _)) = passed.decision else {
        Issue.record("\(passed.decision)")
        return
      }
      #expect(passed.stale.isEmpty)
      // Wherever they are moved to.
      let moved = "\(folder)/moved"
      try FileManager.default.moveItem(atPath: mixed, toPath: moved)
      let elsewhere = try gate.run([moved], under: Discs.model(), compute: Discs.compute) { _ in }
      #expect(elsewhere.decision == passed.decision && elsewhere.stale.isEmpty)
      // Another image under an accepted name is new, and what is gone is told.
      var negative = Discs.checks
      for index in negative.pixels.indices { negative.pixels[index] = 255 - negative.pixels[index] }
      try Discs.write(negative, to: "\(moved)/odd.png")
      let changed = try gate.run([moved], under: Discs.model(), compute: Discs.compute) { _ in }
      #expect(changed.decision == .failed(.newOutliers(1, of: 11, allowed: Allowance(share: 0.01))))
      #expect(changed.stale.map { "\($0.path)" } == ["\(mixed)/odd.png"])
    }
  }

  @Test("A set that has drifted as a whole fails")
  func drift() throws {
    try Discs.withFolder { folder in
      for index in 0..<4 { try Discs.write(Discs.checks, to: "\(folder)/\(index).png") }
      var policy = Policy()
      policy.statistic = .profile
      policy.maxOutliers = Allowance(count: 4)
      policy.minSetPValue = 1e-3
      let outcome = try Gate(policy).run([folder], under: Discs.model(), compute: Discs.compute) { _ in }
      guard case .failed(.unlikelySet(let pValue, least: 1e-3)) = outcome.decision else {
        Issue.record("\(outcome.decision)")
        return
      }
      #expect(pValue < 1e-3)
    }
  }

  @Test("A baseline that is not there is refused by name")
  func noBaseline() {
    var policy = Policy()
    policy.baseline = "no/such"
    let error = #expect(throws: SurprisalError.self) { try Gate(policy) }
    #expect(error?.description.hasPrefix("no/such") == true)
  }
}
