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
  /// Those that judge by denoising errors.
  package static var ofErrors: [StatisticName] { StatisticRegistry.names(.errors) }
  /// Those that judge by one look.
  package static var ofAppearance: [StatisticName] { StatisticRegistry.names(.appearance) }

  /// Whether it judges by what an encoder sees.
  package var isOfSight: Bool { StatisticRegistry.type(of: self)?.kinds == [.sight] }

  /// Whether it says of every place how odd that is (`Calibration.oddness`).
  package var isByPlace: Bool { [.sight, .places, .damage].contains(self) }

  /// What images are judged by unless asked otherwise.
  /// - Parameter evaluations: an image; 0 for one look.
  public static func standard(evaluations: Int) -> StatisticName {
    StatisticRegistry.names(StatisticKind(evaluations: evaluations))[0]
  }
}
