/// Resamples rows as `AreaResampler` does, the same to the byte, and hands each on as soon as it is whole: memory is a row's, and of an
/// enlarged image as many as lie over one.
struct RowScaler {
  private var across: AreaResampler
  private let rows: AreaResampler.Weights
  private let height: Int
  /// Sums of the target's rows from `first` on.
  private var open: [[Float]] = []
  private var first = 0
  private var next = 0
  private var row: [UInt8]

  init(fromWidth: Int, height fromHeight: Int, channels: Int, toWidth: Int, height toHeight: Int) {
    across = AreaResampler(
      fromWidth: fromWidth, height: 1, channels: channels, toWidth: toWidth, height: 1)
    rows = AreaResampler.Weights(from: fromHeight, to: toHeight)
    height = toHeight
    row = [UInt8](repeating: 0, count: toWidth * channels)
  }

  /// Takes the next source row, `[width, channels]`.
  mutating func add(_ source: UnsafePointer<UInt8>, _ take: (UnsafePointer<UInt8>) -> Void) {
    let y = next
    next += 1
    let line = across.reduced(source)
    var target = first
    while target < height, rows.first[target] <= y {
      let share = rows.share(of: y, in: target)
      if target - first == open.count { open.append([Float](repeating: 0, count: line.count)) }
      if share > 0 { for i in line.indices { open[target - first][i] += share * line[i] } }
      target += 1
    }
    while let sums = open.first, rows.last(of: first) <= y {
      for i in sums.indices { row[i] = UInt8(min(max(sums[i].rounded(), 0), 255)) }
      row.withUnsafeBufferPointer { take($0.baseAddress!) }
      open.removeFirst()
      first += 1
    }
  }
}
