import { ApiProperty } from '@nestjs/swagger';

const ID = 'f7c1b1a4-7f0e-4a57-9d0c-0a3f3f1f5b11';
const TOKEN = 'rdi_Yk3mZ0pP8d1vV1v0b7cQ2xw5s9Jt4uLr6eAhNfGiKoE';

export class InstanceWithToken {
  @ApiProperty({ description: 'Id, stable for the life of the instance', format: 'uuid', example: ID })
  id: string;

  @ApiProperty({ description: 'Name, unique in the account', example: 'shop' })
  name: string;

  @ApiProperty({ description: 'New TokenInstance, shown only here', example: TOKEN })
  token: string;
}
