/// The name of a statistic that a model can be calibrated for; each is declared with its statistic.
public struct StatisticName: RawRepresentable, Codable, Sendable, Hashable, CaseIterable {
  public let rawValue: String

  /// - Returns: nil where there is no such statistic.
  public init?(rawValue: String) {
    self.rawValue = rawValue
    guard Self.allCases.contains(self) else { return nil }
  }

  /// For the file that declares the statistic.
  init(declaring rawValue: String) { self.rawValue = rawValue }

  /// All, in the order in which they are listed.
  public static var allCases: [StatisticName] { StatisticRegistry.all.map { $0.name } }
  /// What images are judged by unless asked otherwise.
  public static var standard: StatisticName { StatisticRegistry.all[0].name }
}
