/// What a calibration knows of tiles, where images are judged by them.
package struct TileLaws: Sendable, Equatable {
  package let laws: [StatisticName: TileLaw]
  /// Bits per dimension of the whole images that are references, ascending; empty where they were only looked at.
  package let bits: [Double]

  package init(_ laws: [StatisticName: TileLaw], bits: [Double] = []) {
    self.laws = laws
    self.bits = bits
  }
}
