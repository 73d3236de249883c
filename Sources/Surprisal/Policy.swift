import Detection
import Foundation
internal import Yams

/// What a gate allows, as a YAML file states it.
public struct Policy: Sendable {
  public var model: String?
  public var evaluations: EvaluationBudget?
  public var statistic: StatisticName?
  public var rule = FlaggingRule.standard
  /// Outliers beyond the baseline; nil for the share that the rule's rate allows.
  public var maxOutliers: Allowance?
  public var maxUnreadable = Allowance(count: 0)
  /// File of outliers already accepted.
  public var baseline: String?
  /// Fails a set that as a whole is less likely than this to be drawn from the population.
  public var minSetPValue: Double?

  public init() {}

  /// Where a policy is looked for unless one is named.
  public static let standardPath = ".surprisal.yml"

  /// - Parameter path: nil for `.surprisal.yml` where there is one, else the defaults.
  /// - Throws: `SurprisalError.policy` with the path, the line, and what is wrong.
  ///
  /// `model` as a file and `baseline` are relative to the folder that the policy lies in.
  public init(path: String?) throws {
    let file = path ?? Self.standardPath
    guard path != nil || FileManager.default.fileExists(atPath: file) else {
      self.init()
      return
    }
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw SurprisalError.cannotRead(path: file, what: "the policy")
    }
    try self.init(yaml: text, path: file)
    let folder = (file as NSString).deletingLastPathComponent
    func resolved(_ path: String) -> String {
      path.hasPrefix("/") || folder.isEmpty ? path : (folder as NSString).appendingPathComponent(path)
    }
    baseline = baseline.map(resolved)
    if let name = model, Model.isPath(name) { model = resolved(name) }
  }

  /// What the file may say.
  struct Entries: Decodable {
    var model: String?
    var evaluations: String?
    var statistic: String?
    var fpr: Double?
    var fdr: Double?
    var maxOutliers: String?
    var maxUnreadable: String?
    var baseline: String?
    var minSetPValue: Double?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case model, evaluations, statistic, fpr, fdr, baseline
      case maxOutliers = "max_outliers"
      case maxUnreadable = "max_unreadable"
      case minSetPValue = "min_set_p_value"
    }
  }

  /// - Parameter path: for errors.
  init(yaml text: String, path: String) throws {
    let lines: [String: Int]
    let entries: Entries
    do {
      lines = try Self.lines(of: text, path)
      entries = lines.isEmpty ? Entries() : try YAMLDecoder().decode(Entries.self, from: text)
    } catch let error as DecodingError {
      let key = error.key
      throw SurprisalError.policy(
        path: path, line: key.flatMap { Self.line(of: $0, in: text) },
        reason: "\(key ?? "the policy") is not what it should be")
    } catch let error as YamlError {
      throw SurprisalError.policy(path: path, line: nil, reason: "not YAML: \(error)")
    }
    func refuse(_ key: Entries.CodingKeys, _ reason: String) -> SurprisalError {
      .policy(path: path, line: lines[key.rawValue], reason: reason)
    }
    func rate(_ rate: Double?, _ key: Entries.CodingKeys) throws -> Double? {
      guard let rate else { return nil }
      guard rate > 0, rate < 1 else { throw refuse(key, "\(key.rawValue) must lie between 0 and 1") }
      return rate
    }
    func allowance(_ text: String?, _ key: Entries.CodingKeys) throws -> Allowance? {
      guard let text else { return nil }
      do { return try Allowance(text, of: key.rawValue) } catch { throw refuse(key, "\(error)") }
    }
    model = entries.model
    baseline = entries.baseline
    if let text = entries.evaluations {
      guard let budget = EvaluationBudget(text) else {
        throw refuse(.evaluations, "evaluations must be a count or auto")
      }
      evaluations = budget
    }
    if let text = entries.statistic {
      guard let name = StatisticName(rawValue: text) else {
        throw refuse(.statistic, "no statistic named \(text)")
      }
      statistic = name
    }
    if let value = entries.minSetPValue {
      guard (0...1).contains(value) else {
        throw refuse(.minSetPValue, "min_set_p_value must be from 0 to 1")
      }
      minSetPValue = value
    }
    if let fdr = try rate(entries.fdr, .fdr) {
      guard entries.fpr == nil else { throw refuse(.fdr, "fpr and fdr exclude each other") }
      rule = .falseDiscoveryRate(fdr)
    } else if let fpr = try rate(entries.fpr, .fpr) {
      rule = .falsePositiveRate(fpr)
    }
    maxOutliers = try allowance(entries.maxOutliers, .maxOutliers)
    maxUnreadable = try allowance(entries.maxUnreadable, .maxUnreadable) ?? maxUnreadable
  }

  /// The line of each key.
  /// - Throws: `SurprisalError.policy` at a key that is not known, `YamlError`.
  private static func lines(of text: String, _ path: String) throws -> [String: Int] {
    guard let root = try Yams.compose(yaml: text) else { return [:] }
    if root.scalar?.string.isEmpty == true { return [:] }
    guard let entries = root.mapping else {
      throw SurprisalError.policy(
        path: path, line: root.mark?.line, reason: "a policy is a list of keys and values")
    }
    let known = Entries.CodingKeys.allCases.map(\.rawValue)
    var lines: [String: Int] = [:]
    for (node, _) in entries {
      let key = node.string ?? ""
      guard known.contains(key) else {
        throw SurprisalError.policy(
          path: path, line: node.mark?.line,
          reason: "unknown key \(key); known are \(known.sorted().joined(separator: ", "))")
      }
      lines[key] = node.mark?.line
    }
    return lines
  }

  private static func line(of key: String, in text: String) -> Int? {
    (try? Yams.compose(yaml: text))?.mapping?.first { $0.key.string == key }?.key.mark?.line
  }
}

extension DecodingError {
  /// The key it is about.
  fileprivate var key: String? {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.first?.stringValue
    case .keyNotFound(let key, _): key.stringValue
    @unknown default: nil
    }
  }
}
