import Foundation

/// At most so many, or such a share.
public struct Allowance: Sendable, Equatable, CustomStringConvertible {
  let count: Int?
  let share: Double

  public init(count: Int) { self.init(count: count, share: 0) }

  public init(share: Double) { self.init(count: nil, share: share) }

  private init(count: Int?, share: Double) {
    self.count = count
    self.share = share
  }

  /// `N` or `P%`.
  /// - Throws: `SurprisalError.notAnAllowance`.
  public init(_ text: String, of origin: String) throws(SurprisalError) {
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) {
      self.init(share: percent / 100)
    } else if let count = Int(text), count >= 0 {
      self.init(count: count)
    } else {
      throw .notAnAllowance(text, of: origin)
    }
  }

  public func holds(_ found: Int, of total: Int) -> Bool { found <= most(of: total) }

  /// How many of a number of images.
  public func most(of total: Int) -> Int { count ?? Int((share * Double(total)).rounded(.down)) }

  /// With how many that is, where it is a share.
  func description(of total: Int) -> String { count == nil ? "\(self) (\(most(of: total)))" : "\(self)" }

  public var description: String { count.map { "\($0)" } ?? String(format: "%g%%", share * 100) }
}
