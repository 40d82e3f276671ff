// Which addresses may be dialled: the table of SECURITY.md section S, and an independent opinion.

import FoundationEssentials
import Testing

@testable import WebClient

struct AddressPolicyTests {
  static let denied = [
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0",
    "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0",
    "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.255",
    "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255", "::", "::1", "::7f00:1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
    "1fff:ffff::1", "2001::1", "2001:1ff:ffff::", "2001:db8::1", "2001:db8:ffff::",
    "2002:7f00:1::", "2002:808:808::1", "3fff::1", "3fff:fff::1", "4000::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
  ]
  static let permitted = [
    "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
    "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255",
    "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
    "203.0.112.255", "203.0.114.0", "223.255.255.255", "2000::", "2001:200::1",
    "2001:db7:ffff::", "2001:db9::", "2001:4860:4860::8888", "2003::1", "2606:4700::1111",
    "3ffe:ffff::1", "3fff:1000::",
  ]

  @Test(arguments: denied)
  func `an address of the deny list is denied`(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(!AddressPolicy().permits(address))
  }

  @Test(arguments: permitted)
  func `its neighbours are permitted`(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(AddressPolicy().permits(address))
  }

  @Test func `no block of the lists is misspelt`() {
    #expect(AddressPolicy.blockCount == 20)
  }

  @Test func `an address reads back as it was written`() throws {
    for text in Self.denied + Self.permitted {
      let address = try #require(IPAddress(text))
      #expect(IPAddress(address.description) == address)
    }
    for text in ["", "1.2.3", "1.2.3.4.5", "01.2.3.4x", "256.1.1.1", "[::1]", "::1%lo", "0x7f.1"] {
      #expect(IPAddress(text) == nil)
    }
  }

  @Test func `our own public address is denied`() throws {
    let own = try #require(IPAddress("8.8.8.8"))
    let policy = AddressPolicy(ownAddresses: [own])
    #expect(!policy.permits(own))
    #expect(AddressPolicy.interfaceAddresses().contains(.v4(0x7f00_0001)))
  }

  @Test func `exceptions are exact pairs of host and port`() throws {
    let policy = try AddressPolicy(exceptions: "127.0.0.1:8080, Intranet.Example:80,[::1]:9000,")
    #expect(policy.exceptions.count == 3)
    #expect(policy.isException(host: "127.0.0.1", port: 8080))
    #expect(policy.isException(host: "intranet.example", port: 80))
    #expect(policy.isException(host: "[::1]", port: 9000))
    #expect(!policy.isException(host: "127.0.0.1", port: 8081))
    #expect(!policy.isException(host: "www.intranet.example", port: 80))
    #expect(try AddressPolicy(exceptions: "").exceptions.isEmpty)
  }

  @Test(arguments: [
    "127.0.0.1", "localhost:", "localhost:0", "localhost:65536", "a:b", "http://x:80", "*:80",
    "user@host:80", "host:80/path", "::1:80",
  ])
  func `an exception that is no pair is refused`(text: String) {
    #expect(throws: WebError.self) { try AddressPolicy(exceptions: text) }
  }

  /// Against Python's `ipaddress.is_global`; every difference must be explained, every explanation
  /// used.
  @Test func `the rule agrees with an independent one but for explained differences`() throws {
    let folder = try fixtures().appending("web")
    let explanations = try lines(folder.appending("differences.tsv")).map { fields in
      (block: try #require(AddressBlock(fields[0])), isPermitted: fields[2] == "permitted")
    }
    var used = Set<Int>()
    var unexplained: [String] = []
    // The long run of fixtures/web/README.md names another file.
    let long = ProcessInfo.processInfo.environment["BOBBIN_ADDRESSES"]
    let addresses = try lines(long ?? folder.appending("addresses.tsv"))
    #expect(addresses.count > 3_000)
    for fields in addresses {
      let address = try #require(IPAddress(fields[0]))
      let isPermitted = AddressPolicy().permits(address)
      if isPermitted == (fields[1] == "global") { continue }
      let which = explanations.indices.filter {
        explanations[$0].block.contains(address) && explanations[$0].isPermitted == isPermitted
      }
      used.formUnion(which)
      if which.isEmpty { unexplained.append(fields[0]) }
    }
    #expect(unexplained.prefix(10).isEmpty)
    #expect(used == Set(explanations.indices))
  }

  private func lines(_ path: String) throws -> [[String]] {
    let bytes = try Data(contentsOf: URL(filePath: path))
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: "\t").map(String.init) }
  }
}

extension String {
  func appending(_ part: String) -> String { self + "/" + part }
}

/// The folder `fixtures` beside Package.swift.
func fixtures(_ file: String = #filePath) throws -> String {
  var folder = file
  while let slash = folder.lastIndex(of: "/") {
    folder = String(folder[..<slash])
    if FileManager.default.fileExists(atPath: folder + "/Package.swift") {
      return folder + "/fixtures"
    }
  }
  throw WebError.badURL(why: "has no package folder")
}
