import Detection
import Foundation
import Yams

/// At most so many, or such a share.
public struct Allowance: Sendable, Equatable, CustomStringConvertible {
  let count: Int?
  let share: Double

  public init(share: Double) { self.init(count: nil, share: share) }

  private init(count: Int?, share: Double) {
    self.count = count
    self.share = share
  }

  /// `N` or `P%`.
  /// - Throws: `UsageError` naming `origin`.
  public init(_ text: String, of origin: String) throws {
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) {
      self.init(share: percent / 100)
    } else if let count = Int(text), count >= 0 {
      self.init(count: count, share: 0)
    } else {
      throw UsageError("\(origin): \(text) is neither a count nor a percentage")
    }
  }

  public func holds(_ found: Int, of total: Int) -> Bool {
    found <= count ?? Int((share * Double(total)).rounded(.down))
  }

  public var description: String { count.map { "\($0)" } ?? String(format: "%g%%", share * 100) }
}

/// What a gate allows, as a YAML file states it.
public struct Policy: Sendable {
  public var model: String?
  public var evaluations: EvaluationBudget?
  public var statistic: StatisticName?
  public var rule = FlaggingRule.falsePositiveRate(0.01)
  public var maxOutliers: Allowance?
  public var maxUnreadable: Allowance
  public var baseline: String?
  /// Fails a set that as a whole is less likely than this to be drawn from the population.
  public var minSetPValue: Double?

  private static let keys: Set<String> = [
    "model", "evaluations", "statistic", "fpr", "fdr", "max_outliers", "max_unreadable", "baseline",
    "min_set_p_value",
  ]

  /// - Parameter path: nil for `.surprisal.yml` where there is one, else the defaults.
  /// - Throws: `UsageError` with the path and what is wrong.
  public init(path: String?) throws {
    maxUnreadable = try Allowance("0", of: "max_unreadable")
    let file = path ?? ".surprisal.yml"
    guard path != nil || FileManager.default.fileExists(atPath: file) else { return }
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw UsageError("\(file): cannot read the policy")
    }
    let node: Any?
    do { node = try Yams.load(yaml: text) } catch { throw UsageError("\(file): not YAML: \(error)") }
    guard let entries = (node ?? [String: Any]()) as? [String: Any] else {
      throw UsageError("\(file): a policy is a list of keys and values")
    }
    if let unknown = entries.keys.sorted().first(where: { !Self.keys.contains($0) }) {
      throw UsageError(
        "\(file): unknown key \(unknown); known are \(Self.keys.sorted().joined(separator: ", "))")
    }
    model = entries["model"].map { "\($0)" }
    baseline = entries["baseline"].map { "\($0)" }
    if let value = entries["evaluations"] {
      guard let budget = EvaluationBudget("\(value)") else {
        throw UsageError("\(file): evaluations must be a count or auto")
      }
      evaluations = budget
    }
    if let value = entries["statistic"] {
      guard let name = StatisticName(rawValue: "\(value)") else {
        throw UsageError("\(file): no statistic named \(value)")
      }
      statistic = name
    }
    if let value = entries["min_set_p_value"] {
      guard let number = (value as? Double) ?? (value as? Int).map(Double.init), (0...1).contains(number)
      else {
        throw UsageError("\(file): min_set_p_value must be from 0 to 1")
      }
      minSetPValue = number
    }
    func rate(_ key: String) throws -> Double? {
      guard let value = entries[key] else { return nil }
      guard let rate = Double("\(value)"), rate > 0, rate < 1 else {
        throw UsageError("\(file): \(key) must lie between 0 and 1")
      }
      return rate
    }
    if let fdr = try rate("fdr") {
      guard entries["fpr"] == nil else { throw UsageError("\(file): fpr and fdr exclude each other") }
      rule = .falseDiscoveryRate(fdr)
    } else if let fpr = try rate("fpr") {
      rule = .falsePositiveRate(fpr)
    }
    maxOutliers = try entries["max_outliers"].map { try Allowance("\($0)", of: "\(file): max_outliers") }
    if let value = entries["max_unreadable"] {
      maxUnreadable = try Allowance("\(value)", of: "\(file): max_unreadable")
    }
  }
}
