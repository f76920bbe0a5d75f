"""The unmodified SDK as its users call it, on the other end of an emulated arm's pty."""

from __future__ import annotations

from dynamixel_sdk import GroupSyncRead, PacketHandler, PortHandler


class Client:
    """The SDK as its users call it: registers by name, answers as they came."""

    def __init__(self, bus, baud=1_000_000):
        self.bus = bus
        self.port = PortHandler(bus.port)
        self.packets = PacketHandler(2.0)
        assert self.port.openPort()
        assert self.port.setBaudRate(baud)

    def place(self, device, name):
        return self.bus.servo(device).model.registers[name]

    def write(self, device, name, value):
        register = self.place(device, name)
        data = list(register.encode(value))
        return self.packets.writeTxRx(self.port, device, register.address, register.length, data)

    def read(self, device, name):
        register = self.place(device, name)
        data, result, error = self.packets.readTxRx(
            self.port, device, register.address, register.length
        )
        assert (result, error & 0x7F) == (0, 0), f"{name}: {result}, {error}"
        return register.decode(data)

    def group(self, ids, address=126, size=10):
        group = GroupSyncRead(self.port, self.packets, address, size)
        for device in ids:
            assert group.addParam(device)
        return group

    def close(self):
        self.port.closePort()
